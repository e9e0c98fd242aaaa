/** Triggers of other namespaces: barred without the right to see them, and what counts while nobody can be asked. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createVisibility } from "../../../../src/catalog/plans/sources/visible.ts";
import { fault, type SluiceError } from "../../../../src/core/errors.ts";
import type { ListenerPlan } from "../../../../src/core/plan.ts";
import { compiled } from "../../../helpers/flows.ts";
import { listener, OPEN, trigger, written } from "../../../helpers/objects.ts";

async function planOf(serviceAccountName?: string): Promise<ListenerPlan> {
  const { name: _, ...spec } = trigger("t");
  const theirs = { ...written("Trigger", "theirs", spec, { ...OPEN, namespace: "b" }) };
  const matchNames = ["b", "ci"];
  const more = {
    ...OPEN,
    namespaceSelector: { matchNames },
    ...(serviceAccountName && { serviceAccountName }),
  };
  const { plans } = await compiled([theirs, listener("git", [trigger("own")], more)]);
  return plans.find("ci", "git") ?? assert.fail("there is no plan");
}

function world() {
  const time = { now: 0 };
  const state: { answer: () => Promise<boolean> } = { answer: async () => false };
  const asked: string[] = [];
  const may = async (...question: readonly unknown[]) => {
    asked.push(JSON.stringify(question));
    return state.answer();
  };
  const { visible, refused } = createVisibility({ may }, () => time.now);
  const barred = async (plan: ListenerPlan): Promise<readonly (SluiceError | undefined)[]> =>
    (await visible(plan)).groups.flatMap(({ triggers }) => triggers.map((one) => one.barred));
  return { time, state, asked, visible, refused, barred };
}

const codes = (errors: readonly (SluiceError | undefined)[]) => errors.map((error) => error?.code);
const away = () => Promise.reject(fault("SLUICE_CREATE_UNREACHABLE", { reason: "no answer" }));

test("the listener's account is asked for the right to list triggers in each other namespace", async () => {
  const { barred, asked, refused, state } = world();
  const plan = await planOf("ear");
  assert.deepEqual(plan.foreign, ["b"]);
  assert.deepEqual(codes(await barred(plan)).toSorted(), ["SLUICE_TRIGGER_FORBIDDEN", undefined]);
  assert.deepEqual(asked, [
    '[{"namespace":"ci","name":"ear"},{"verb":"list","group":"triggers.tekton.dev","resource":"triggers","namespace":"b"}]',
  ]);
  assert.match(refused()[0]?.fix ?? "", /--serviceaccount=ci:ear/);
  state.answer = async () => true;
  assert.deepEqual(codes(await barred(plan)), [undefined, undefined]);
  assert.deepEqual(refused(), []);
});

test("nothing is asked of a listener that stays at home, and its plan is the same", async () => {
  const { visible, asked } = world();
  const { plans } = await compiled([listener("git", [trigger("own")], OPEN)]);
  const plan = plans.find("ci", "git") ?? assert.fail("there is no plan");
  assert.equal(visible(plan), plan);
  assert.deepEqual(asked, []);
});

test("a name that makes another user of an account is refused unasked", async () => {
  const { barred, asked } = world();
  const plan = { ...(await planOf()), serviceAccount: "b:default" };
  assert.ok(codes(await barred(plan)).includes("SLUICE_TRIGGER_FORBIDDEN"));
  assert.deepEqual(asked, []);
});

test("where we may not ask, nothing is used, and the reason is ours", async () => {
  const { barred, state } = world();
  state.answer = () => Promise.reject(fault("SLUICE_CREATE_FORBIDDEN", { account: "this gateway" }));
  assert.ok(codes(await barred(await planOf())).includes("SLUICE_CREATE_FORBIDDEN"));
});

test("while the API server is away the last answer counts for five minutes, then nobody knows", async () => {
  const { barred, state, time } = world();
  const plan = await planOf();
  state.answer = away;
  const unknown = (await barred(plan)).find((error) => error !== undefined);
  assert.deepEqual([unknown?.code, unknown?.retry, unknown?.status], ["SLUICE_TRIGGER_UNSEEN", "soon", 503]);
  state.answer = async () => true;
  assert.deepEqual(codes(await barred(plan)), [undefined, undefined]);
  state.answer = away;
  time.now = 299_999;
  assert.deepEqual(codes(await barred(plan)), [undefined, undefined]);
  // Known to be away: no delivery waits for a question that hangs.
  state.answer = () => new Promise(() => {});
  assert.deepEqual(codes(await barred(plan)), [undefined, undefined]);
  state.answer = away;
  time.now = 300_000;
  assert.ok(codes(await barred(plan)).includes("SLUICE_TRIGGER_UNSEEN"));
});
