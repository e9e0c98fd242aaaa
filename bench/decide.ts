/** `node bench/decide.ts [--out <folder>]`: CPU per decision by the number of triggers, and of each language compiled once and each time. */

import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BUILT_IN } from "../interceptors/index.ts";
import { loadCatalog } from "../src/catalog/index.ts";
import { compilePlans } from "../src/catalog/plans/in-force.ts";
import { type Delivery, type Event, payload } from "../src/core/delivery.ts";
import { headersFromPairs } from "../src/core/headers.ts";
import type { ListenerPlan } from "../src/core/plan.ts";
import { compileBindings } from "../src/decide/bind/index.ts";
import { activate } from "../src/decide/cel/activation.ts";
import { compileCel } from "../src/decide/cel/program.ts";
import { decide } from "../src/decide/decide.ts";
import { createRegistry } from "../src/decide/intercept/registry.ts";
import { compileTemplate } from "../src/decide/render/index.ts";
import { encodeDecisions } from "../src/storage/ledger/codec.ts";
import { createVerifier, type Verifier } from "../src/verify/verifier.ts";
import { temporaryFolder } from "../test/helpers/folder.ts";
import { pullRequest } from "../test/helpers/load.ts";
import { OUT, threeDigits, writeReport } from "./report.ts";

const { values } = parseArgs({ options: { out: OUT } });

const COUNTS = [1, 20, 200, 2_000];
/** Milliseconds of each round; of {@link ROUNDS} the cheapest counts: neighbours on the machine only add to the others. */
const ROUND_MS = 200;
const ROUNDS = 12;
/** From 20 to 2,000 triggers the cost of an event may grow so many times. */
const BAR = 30;

const SECRET = "an example, not a secret";
const BODY = Buffer.from(
  JSON.stringify({
    ...JSON.parse(pullRequest()),
    repository: { ...JSON.parse(pullRequest()).repository, full_name: "org/repo-0" },
  }),
);
const BINDINGS = [
  { name: "repository", value: "$(body.repository.clone_url)" },
  { name: "revision", value: "$(body.pull_request.head.sha)" },
  { name: "title", value: "$(body.pull_request.title)" },
  { name: "number", value: "$(body.number)" },
  { name: "event", value: "$(header.X-GitHub-Event)" },
];
const RESOURCE = {
  apiVersion: "tekton.dev/v1",
  kind: "PipelineRun",
  metadata: {
    generateName: "build-",
    annotations: { title: "$(tt.params.title)", event: "$(tt.params.event)" },
  },
  spec: {
    pipelineRef: { name: "build" },
    params: BINDINGS.map(({ name }) => ({ name, value: `$(tt.params.${name})` })),
  },
};
const TEMPLATE = { params: BINDINGS.map(({ name }) => ({ name })), resourcetemplates: [RESOURCE] };

const filterFor = (i: number) =>
  `body.repository.full_name == 'org/repo-${i}' && body.action in ['opened', 'synchronize', 'reopened']`;

/** A listener of `count` triggers, each of its own repository. */
async function listenerOf(count: number): Promise<{ plan: ListenerPlan; verifier: Verifier }> {
  using folder = temporaryFolder("sluice-bench-");
  const file = join(folder.path, "objects.yaml");
  const param = (name: string, value: unknown) => ({ name, value });
  const triggers = Array.from({ length: count }, (_, i) => ({
    name: `repo-${i}`,
    interceptors: [
      {
        ref: { name: "github" },
        params: [
          param("secretRef", { secretName: "hook", secretKey: "token" }),
          param("eventTypes", ["pull_request"]),
        ],
      },
      { ref: { name: "cel" }, params: [param("filter", filterFor(i))] },
    ],
    bindings: [{ ref: "pull-request" }],
    template: { ref: "build" },
  }));
  const tekton = { apiVersion: "triggers.tekton.dev/v1beta1" };
  const objects = [
    { apiVersion: "v1", kind: "Secret", metadata: { name: "hook" }, stringData: { token: SECRET } },
    { ...tekton, kind: "TriggerBinding", metadata: { name: "pull-request" }, spec: { params: BINDINGS } },
    { ...tekton, kind: "TriggerTemplate", metadata: { name: "build" }, spec: TEMPLATE },
    { ...tekton, kind: "EventListener", metadata: { name: "git" }, spec: { triggers } },
  ];
  writeFileSync(file, objects.map((object) => JSON.stringify(object)).join("\n---\n"));
  const { declarations, secrets } = await loadCatalog({ paths: [file] });
  const needs = { registry: createRegistry(BUILT_IN), secrets, unverified: "refuse" as const };
  const { plans, errors } = compilePlans(declarations, needs);
  const plan = plans.find("default", "git");
  if (plan === undefined || errors.length > 0) throw errors[0] ?? new Error("no listener");
  return { plan, verifier: createVerifier(secrets) };
}

const headers = headersFromPairs([
  ...["Content-Type", "application/json", "X-GitHub-Event", "pull_request"],
  ...["X-GitHub-Delivery", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"],
  ...["X-Hub-Signature-256", `sha256=${createHmac("sha256", SECRET).update(BODY).digest("hex")}`],
]);
const delivery: Delivery = {
  id: "019d1c2e-5f00-7abc-8def-0123456789ab",
  listener: { namespace: "default", name: "git" },
  receivedAt: 1_780_000_000_000,
  method: "POST",
  url: "/default/git",
  headers,
  body: BODY,
};

/** µs of CPU of this process for one call: the cheapest round, after one that only warms up. */
async function cost(work: () => unknown): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage();
    const end = performance.now() + ROUND_MS;
    let calls = 0;
    while (performance.now() < end) {
      for (let i = 0; i < 8; i++) await work();
      calls += 8;
    }
    const { user, system } = process.cpuUsage(before);
    if (round > 0) rounds.push((user + system) / calls);
  }
  return Math.min(...rounds);
}

/** The same, for calls that cost less than a promise. */
const costOfMany = async (work: () => unknown): Promise<number> =>
  (await cost(() => {
    for (let i = 0; i < 1_000; i++) work();
  })) / 1_000;

interface Decision {
  readonly triggers: number;
  readonly cpuUsPerEvent: number;
  readonly cpuUsPerTrigger: number;
  /** The decisions as the ledger keeps them: as JSON, and as they are stored. */
  readonly recordBytes: number;
  readonly storedBytes: number;
  readonly storingCpuUs: number;
}

const decisions: Decision[] = [];
for (const triggers of COUNTS) {
  const { plan, verifier } = await listenerOf(triggers);
  const once = () => decide(plan, delivery, verifier.begin(delivery));
  const made = await once();
  const matched = made.decisions.filter(({ result }) => result === "matched").length;
  if (matched !== 1) throw new Error(`${matched} triggers matched`);
  const cpu = await cost(once);
  const storing = await cost(() => encodeDecisions(made.decisions));
  decisions.push({
    triggers,
    cpuUsPerEvent: threeDigits(cpu),
    cpuUsPerTrigger: threeDigits(cpu / triggers),
    recordBytes: Buffer.byteLength(JSON.stringify(made.decisions)),
    storedBytes: encodeDecisions(made.decisions).length,
    storingCpuUs: threeDigits(storing),
  });
}

const event: Event = {
  id: delivery.id,
  trigger: { namespace: "default", name: "a" },
  url: delivery.url,
  headers,
  payload: payload(BODY.toString("utf8")),
  extensions: {},
};
const declared = TEMPLATE.params;
const expression = filterFor(0);
const program = compileCel(expression);
const activation = activate(event);
const view = { namespace: "default", secrets: { peek: () => null, read: async () => null } };
const bound = BINDINGS.map((binding) => ({ ...binding, from: "TriggerBinding pull-request" }));
const bind = compileBindings(bound, declared);
const params = bind(event);
const render = compileTemplate({ annotations: {}, spec: TEMPLATE });
const context = { delivery: delivery.id, listener: delivery.listener, trigger: event.trigger };
const rare = [{ name: "x", value: "$(body.repository.owner['login','id'])", from: "b" }];
const bindRare = compileBindings(rare, []);

const languages: readonly [string, () => unknown, () => unknown][] = [
  [
    "CEL filter",
    () => program.evaluate(activation, view),
    () => compileCel(expression).evaluate(activation, view),
  ],
  ["bindings, 5 plain paths", () => bind(event), () => compileBindings(bound, declared)(event)],
  ["bindings, 1 union", () => bindRare(event), () => compileBindings(rare, [])(event)],
  [
    "template, 1 PipelineRun",
    () => render(params, context),
    () => compileTemplate({ annotations: {}, spec: TEMPLATE })(params, context),
  ],
];
const evaluations = [];
for (const [what, compiledOnce, compiledEachTime] of languages) {
  const once = await costOfMany(compiledOnce);
  const each = await costOfMany(compiledEachTime);
  evaluations.push({
    what,
    compiledOnceUs: threeDigits(once),
    compiledEachTimeUs: threeDigits(each),
    times: threeDigits(each / once),
  });
}

const at = (triggers: number) =>
  decisions.find((one) => one.triggers === triggers)?.cpuUsPerEvent ?? Number.NaN;
const growth = threeDigits(at(2_000) / at(20));
writeReport(values.out, "decide", {
  ...{ bodyBytes: BODY.length, decisions },
  ...{ growthFrom20To2000: growth, bar: BAR, evaluations },
});
console.table(decisions);
console.table(evaluations);
console.log(`from 20 to 2,000 triggers: ${growth} times the CPU (at most ${BAR})`);
if (!(growth <= BAR)) process.exitCode = 1;
