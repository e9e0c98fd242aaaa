/** What must hold of any delivery to any listener: only decisions come out, in time, twice the same, and nothing else is touched. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { BUILT_IN } from "../../interceptors/index.ts";
import { admit, createDeclarations, fileSecrets } from "../../src/catalog/index.ts";
import { compilePlans } from "../../src/catalog/plans/in-force.ts";
import type { Decision } from "../../src/core/decision.ts";
import type { Delivery } from "../../src/core/delivery.ts";
import { payload } from "../../src/core/delivery.ts";
import { headersFromPairs } from "../../src/core/headers.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { setOwn } from "../../src/core/json.ts";
import type { ListenerPlan } from "../../src/core/plan.ts";
import { dedupeKey, describe } from "../../src/core/provider.ts";
import { decide } from "../../src/decide/decide.ts";
import { createRegistry } from "../../src/decide/intercept/registry.ts";
import { createVerifier } from "../../src/verify/verifier.ts";
import { cel, github, interceptor, listener, OPEN, type Written, written } from "../helpers/objects.ts";
import * as texts from "./texts.ts";

const TOKEN = "s3cret";
const secrets = fileSecrets([
  { namespace: "ci", name: "hook", data: new Map([["token", Buffer.from(TOKEN)]]) },
]);
const verifier = createVerifier(secrets);

/** Milliseconds of CPU that one case may take. */
const LIMIT_MS = 1_000;

function compile(objects: readonly Written[]) {
  const admitted = objects.flatMap((object) => admit(object as JsonObject, "ci").object ?? []);
  const needs = { registry: createRegistry(BUILT_IN), secrets, unverified: "refuse" as const };
  return compilePlans(createDeclarations(admitted), needs);
}

const resource = (more: object = {}): Written => ({
  apiVersion: "tekton.dev/v1",
  kind: "PipelineRun",
  metadata: { generateName: "run-", labels: { l: "$(tt.params.y)" } },
  spec: { params: [{ name: "x", value: "$(tt.params.x)" }], note: "$(uid) $(tt.params.x)$(tt.params.y)" },
  ...more,
});
const PARAMS = [{ name: "x" }, { name: "y", default: "fallback" }];

/** Every feature at once: each provider's proof, CEL with its functions, groups, every kind of path, both escapes. */
const everything = ((): ListenerPlan => {
  const inline = (...resourcetemplates: readonly Written[]) => ({
    spec: { params: PARAMS, resourcetemplates },
  });
  const bind = (x: string, y = "$(body.b)") => [
    { name: "x", value: x },
    { name: "y", value: y },
  ];
  const labels = { team: "a" };
  const secretRef = { secretName: "hook", secretKey: "token" };
  const overlays = [
    { key: "branch", expression: "body.ref.split('/')[2]" },
    { key: "a.b", expression: "body.a" },
    { key: "__proto__.x", expression: "body.b" },
  ];
  const triggers = [
    {
      name: "signed",
      interceptors: [github("hook", { eventTypes: ["push"] })],
      bindings: bind("$(body.a)"),
      template: inline(resource()),
    },
    {
      name: "gitlab",
      interceptors: [interceptor("gitlab", { secretRef })],
      bindings: bind("$(header)"),
      template: inline(resource()),
    },
    {
      name: "bitbucket",
      interceptors: [interceptor("bitbucket", { secretRef })],
      bindings: bind("$(body)"),
      template: inline(resource()),
    },
    {
      name: "slack",
      interceptors: [interceptor("slack", { requestedFields: ["a", "text"] })],
      bindings: bind("$(extensions)"),
      template: inline(resource()),
    },
    {
      name: "overlays",
      interceptors: [cel("has(body.ref) || true", overlays)],
      bindings: bind("$(extensions.branch)", "$(extensions)"),
      template: inline(resource()),
    },
    {
      name: "functions",
      interceptors: [
        cel(
          "body.a.parseJSON().b == body.b || body.ref.matches('^refs/.*$') || size(body.a) > 0 || body.list.exists(x, x == body.a)",
        ),
      ],
      bindings: bind("$(body..a)", "$(body.list[?(@.a==1)])"),
      template: { ref: "escaped" },
    },
    {
      name: "paths",
      interceptors: [],
      bindings: bind("$(body.*)", "$(body.list[0:2])-$(body['a','b'])-$(header.X-GitHub-Event)"),
      template: inline(resource(), resource()),
    },
    {
      name: "secret",
      interceptors: [cel("header.canonical('X-A').compareSecret('token', 'hook')")],
      bindings: bind("$(body.ref)"),
      template: inline(resource()),
    },
  ];
  const group = {
    name: "g",
    interceptors: [cel("true", [{ key: "shared", expression: "body" }])],
    triggerSelector: { labelSelector: { matchLabels: labels } },
  };
  const behind = {
    interceptors: [cel("size(extensions) > 0")],
    bindings: bind("$(extensions.shared.a)"),
    template: { ref: "escaped" },
  };
  const annotations = { "triggers.tekton.dev/old-escape-quotes": "true" };
  const { plans, errors } = compile([
    written(
      "TriggerTemplate",
      "escaped",
      { params: PARAMS, resourcetemplates: [resource({ "k$(tt.params.x)": "$(tt.params.y)" })] },
      { annotations },
    ),
    written("Trigger", "behind", behind, { labels, ...OPEN }),
    listener("git", triggers, { ...OPEN, triggerGroups: [group] }),
  ]);
  assert.deepEqual(errors, []);
  return plans.find("ci", "git") ?? assert.fail("the listener does not compile");
})();

interface Case {
  readonly body: Buffer;
  readonly headers: readonly string[];
  readonly url: string;
  readonly signed: boolean;
  readonly explain: boolean;
  readonly filter: string;
  readonly overlay: { readonly key: string; readonly expression: string };
  readonly x: string;
  readonly y: string;
  readonly text: string;
  readonly key: string;
}

const cases: fc.Arbitrary<Case> = fc.record({
  body: texts.body,
  headers: texts.headers,
  url: texts.url,
  signed: fc.boolean(),
  explain: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  filter: texts.expression,
  overlay: fc.record({ key: texts.overlayKey, expression: texts.expression }),
  x: texts.bindingValue,
  y: texts.bindingValue,
  text: texts.templateText,
  key: texts.templateKey,
});

/** Runs so many cases. @throws the counterexample, made small, with the seed that repeats it. */
export async function fuzz(
  numRuns: number,
  seed?: number,
): Promise<Record<Decision["result"] | "cases" | "configured", number>> {
  const count = { cases: 0, configured: 0, filtered: 0, failed: 0, matched: 0, waiting: 0 };
  const before = prototypes();
  const property = fc.asyncProperty(cases, async (one) => {
    const start = process.cpuUsage();
    count.cases++;
    const configured = configure(one);
    if (configured !== undefined) count.configured++;
    for (const plan of [everything, ...(configured === undefined ? [] : [configured])]) {
      const delivery = deliveryOf(one);
      const { decisions } = await decideOnce(plan, delivery, one.explain);
      for (const decision of decisions) {
        checkDecision(decision);
        count[decision.result]++;
      }
      const again = await decideOnce(plan, delivery, one.explain);
      for (const [i, decision] of again.decisions.entries()) assert.deepEqual(decision, decisions[i]);
      const facts = describe(delivery.headers, payload(delivery.body.toString("utf8")));
      const key = dedupeKey(facts.provider, delivery.headers, payload(delivery.body.toString("utf8")));
      assert.ok(key === undefined || key.length <= 400);
    }
    for (const inherited in {}) assert.fail(`Object.prototype has got ${inherited}`);
    const { user, system } = process.cpuUsage(start);
    assert.ok((user + system) / 1_000 < LIMIT_MS, `it took ${(user + system) / 1_000} ms of CPU`);
  });
  await fc.assert(property, { numRuns, ...(seed === undefined ? {} : { seed }) });
  assert.deepEqual(prototypes(), before);
  return count;
}

/** A listener made of the case's own texts; undefined when admission or the compiler refuse it, as they should many. */
function configure({ filter, overlay, x, y, text, key }: Case): ListenerPlan | undefined {
  const spec: Record<string, unknown> = { text };
  setOwn(spec, key, text);
  const trigger = {
    name: "a",
    interceptors: [cel(filter, [overlay])],
    bindings: [
      { name: "x", value: x },
      { name: "y", value: y },
    ],
    template: { spec: { params: PARAMS, resourcetemplates: [resource({ spec })] } },
  };
  // Without CEL, so that bindings and templates are reached however many filters say no.
  const open = { ...trigger, name: "b", interceptors: [] };
  const { plans, errors, warnings } = compile([listener("git", [trigger, open], OPEN)]);
  for (const { code, message } of [...errors, ...warnings]) assert.notEqual(code, "SLUICE_INTERNAL", message);
  return plans.find("ci", "git");
}

function deliveryOf({ body, headers, url, signed }: Case): Delivery {
  const proof = [
    "X-Hub-Signature-256",
    `sha256=${createHmac("sha256", TOKEN).update(body).digest("hex")}`,
    "X-Gitlab-Token",
    TOKEN,
  ];
  return {
    id: "019d1c2e-5f00-7abc-8def-0123456789ab",
    listener: { namespace: "ci", name: "git" },
    receivedAt: 1_780_000_000_000,
    method: "POST",
    url,
    headers: headersFromPairs([...(signed ? proof : []), ...headers]),
    body,
  };
}

const decideOnce = (plan: ListenerPlan, delivery: Delivery, explain: boolean) =>
  decide(plan, delivery, verifier.begin(delivery), undefined, { explain });

function checkDecision(decision: Decision): void {
  const { result, reason, code, trace, job, trigger } = decision;
  assert.ok(["filtered", "failed", "matched"].includes(result));
  assert.notEqual(code, "SLUICE_INTERNAL", reason);
  assert.equal(job !== undefined, result === "matched");
  assert.ok(reason !== "" && trigger.namespace === "ci" && trace.length > 0);
  // What the ledger stores and the queue carries.
  const stored = JSON.parse(JSON.stringify(decision)) as Decision;
  for (const { apiVersion, kind, metadata } of stored.job?.objects ?? []) {
    assert.ok(
      apiVersion === "tekton.dev/v1" && kind === "PipelineRun",
      "an event must not change what is created",
    );
    assert.ok(typeof metadata.name === "string" && metadata.namespace === "ci");
  }
}

/** Everything that hangs on the prototypes that all values share. */
function prototypes(): readonly unknown[] {
  return [Object, Array, String, Number, Function, Map, Promise, Buffer, RegExp].map(({ prototype }) =>
    Reflect.ownKeys(prototype).map((name) => [name, Reflect.getOwnPropertyDescriptor(prototype, name)]),
  );
}
