/** What is refused before anything is stored: broken listeners, and bodies that Tekton's payload validation refuses. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { payload } from "../../src/core/delivery.ts";
import { asFault, fault, forSender, SluiceError } from "../../src/core/errors.ts";
import type { ListenerPlan } from "../../src/core/plan.ts";
import { demandsOf } from "../../src/core/proof.ts";
import { decide } from "../../src/decide/decide.ts";
import { refuseBroken, refuseByHead, refuseNoJson, refuseUnproved } from "../../src/intake/reject.ts";
import { createVerifier } from "../../src/verify/verifier.ts";
import { deliveryOf } from "../contracts/interceptor.ts";
import { compiled } from "../helpers/flows.ts";
import { cel, github, listener, OPEN, secret, trigger } from "../helpers/objects.ts";

const refusal = (code: string, status: number) => (error: unknown) =>
  error instanceof SluiceError && error.code === code && error.status === status;

const take = (body: string, type = "application/json") =>
  refuseNoJson(payload(body), deliveryOf({ "Content-Type": type }, body));

test("a body is a JSON object or null, with space around it or without", () => {
  for (const body of ["{}", '{"__proto__":1}', "null", "  {} \n"]) take(body);
  for (const body of ["", " ", "[]", "[{}]", "42", '"text"', "true", "{", "{'a':1}", '{"a":1e999}', "<xml/>"])
    assert.throws(() => take(body), refusal("SLUICE_BODY_NOT_JSON", 400), body);
});

test("a form is told apart from broken JSON, and only where it is one", () => {
  const type = "application/x-www-form-urlencoded";
  assert.throws(() => take("payload=%7B%7D", type), refusal("SLUICE_FORM", 400));
  assert.throws(() => take("{'a':1}", type), refusal("SLUICE_BODY_NOT_JSON", 400));
  assert.throws(() => take("payload=%7B%7D"), refusal("SLUICE_BODY_NOT_JSON", 400));
  take("{}", type);
});

test("a form of a Git host has one cure; a byte order mark and UTF-16 are named", () => {
  const type = "application/x-www-form-urlencoded";
  const fixOf = (headers: Record<string, string>, body: string): string => {
    try {
      refuseNoJson(payload(body), deliveryOf({ "Content-Type": type, ...headers }, body));
    } catch (error) {
      const { message, fix } = forSender(asFault(error));
      return `${message} ${fix}`;
    }
    return "";
  };
  const ofGitHub = fixOf({ "X-GitHub-Event": "push" }, "payload=%7B%7D");
  assert.match(ofGitHub, /content type to application\/json, on its page at GitHub/);
  assert.doesNotMatch(ofGitHub, /payload-validation/);
  assert.match(fixOf({}, "token=a&text=b"), /payload-validation/);
  assert.match(fixOf({}, "\ufeff{}"), /byte order mark.*UTF-8 without a byte order mark/);
  assert.match(fixOf({}, Buffer.from("\ufeff{}", "utf16le").toString("utf8")), /UTF-16/);
  assert.match(fixOf({}, Buffer.from("{}", "utf16le").swap16().toString("utf8")), /UTF-16/);
});

test("where what was to prove the sender is broken, the answer is 503: he may be the right one", async () => {
  const wrong = { ref: { name: "github" }, params: [{ name: "secretRef", value: "hook" }] };
  for (const triggers of [[trigger("a", [wrong])], [trigger("b", [github()]), trigger("a", [wrong])]]) {
    const { plans, secrets } = await compiled([secret("hook", "s3cret"), listener("git", triggers)]);
    const plan = plans.find("ci", "git") as ListenerPlan;
    const delivery = deliveryOf({ "X-Hub-Signature-256": "sha256=00" }, "{}");
    const verifier = createVerifier(secrets);
    const broken = refusal("SLUICE_LISTENER_BROKEN", 503);
    await assert.rejects(refuseUnproved(plan, verifier.begin(delivery)), broken);
    const opened = verifier.open(delivery, demandsOf(plan), "ci/git", Date.now());
    assert.throws(() => refuseByHead(plan, opened), broken);
  }
});

test("a sender is told what he sent, and not which Secret it was held against, nor whether there is one", async () => {
  const proved = [github(), cel("true")];
  const none: Record<string, string> = {};
  for (const [headers, objects, said] of [
    [none, [secret("hook", "s3cret")], "header X-Hub-Signature-256 is missing"],
    [{ "X-Hub-Signature-256": "sha256=00" }, [secret("hook", "s3cret")], "does not match"],
    [{ "X-Hub-Signature-256": "sha256=00" }, [], "does not match"],
  ] as const) {
    const { plans, secrets } = await compiled([...objects, listener("git", [trigger("build", proved)])]);
    const proofs = createVerifier(secrets).begin(deliveryOf(headers, "{}"));
    const refused = refuseUnproved(plans.find("ci", "git") as ListenerPlan, proofs);
    const error = await refused.then(() => assert.fail("taken"), asFault);
    assert.equal(error.code, "SLUICE_UNVERIFIED");
    assert.match(error.message, /ci\/hook/, "the log names it");
    const { message, fix } = forSender(error);
    assert.ok(message.includes(said), message);
    assert.doesNotMatch(`${message} ${fix}`, /ci\/|Secret/);
  }
});

test("a listener whose selector cannot be read refuses every delivery with 503; the others go on", async () => {
  const labelSelector = { matchExpressions: [{ key: "a", operator: "In" }] };
  const { plans } = await compiled([
    listener("broken", [trigger("build", [])], { ...OPEN, labelSelector }),
    listener("good", [trigger("build", [])], OPEN),
  ]);
  const planOf = (name: string) => plans.find("ci", name) as ListenerPlan;
  assert.throws(() => refuseBroken(planOf("broken")), refusal("SLUICE_LISTENER_BROKEN", 503));
  refuseBroken(planOf("good"));
  const cause = fault("SLUICE_OBJECT_INVALID", { field: "x", reason: "y" });
  assert.throws(() => refuseBroken({ ...planOf("good"), fault: cause }), /ci\/good cannot fire: x: y/);
});

test("a trigger that the listener may not see trusts nobody; while that is not known, nothing is refused for good", async () => {
  const { plans } = await compiled([listener("git", [trigger("t")], OPEN)]);
  const plan = plans.find("ci", "git") ?? assert.fail("there is no plan");
  const barredBy = (code: "SLUICE_TRIGGER_FORBIDDEN" | "SLUICE_TRIGGER_UNSEEN"): ListenerPlan => {
    const barred = fault(code, { namespace: "b" });
    const bar = (group: ListenerPlan["groups"][number]) => ({
      ...group,
      triggers: group.triggers.map((one) => ({ ...one, barred })),
    });
    return { ...plan, groups: plan.groups.map(bar) };
  };
  const delivery = deliveryOf({}, "{}");
  const proofs = createVerifier({ peek: () => null, read: async () => null }).begin(delivery);
  const forbidden = barredBy("SLUICE_TRIGGER_FORBIDDEN");
  await assert.rejects(refuseUnproved(forbidden, proofs), refusal("SLUICE_UNVERIFIED", 401));
  const { decisions } = await decide(forbidden, delivery, proofs);
  assert.deepEqual([decisions[0]?.result, decisions[0]?.code], ["failed", "SLUICE_TRIGGER_FORBIDDEN"]);
  const unseen = barredBy("SLUICE_TRIGGER_UNSEEN");
  await assert.rejects(refuseUnproved(unseen, proofs), refusal("SLUICE_TRIGGER_UNSEEN", 503));
  const later = await decide(unseen, delivery, proofs);
  assert.equal(later.decisions[0]?.result, "waiting");
  assert.match(later.transient ?? "", /cannot be asked just now/);
});
