/** Which triggers a delivery still waits for, told from those that have fired, however the listener has changed since. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Decision } from "../../src/core/decision.ts";
import type { ListenerPlan, TriggerPlan } from "../../src/core/plan.ts";
import { givenUp, stillWaiting, waitingFor } from "../../src/decide/deferred.ts";

const named = (name: string, key = name): TriggerPlan => ({
  ...{ namespace: "ci", name, key, proofs: [], chain: [] },
  bind: () => new Map(),
  render: () => [],
});
const WHY = { reason: "gate: away", code: "SLUICE_INTERCEPTOR_FAILED", trace: [] } as const;

/** A plan of groups, each written as its name, a colon and the names of its triggers: `team:a b`. */
function planOf(...groups: readonly string[]): ListenerPlan {
  const used = new Map<string, number>();
  const keyed = (name: string) => {
    const times = (used.get(name) ?? 0) + 1;
    used.set(name, times);
    return named(name, times === 1 ? name : `${name}#${times}`);
  };
  return {
    ...{ namespace: "ci", name: "git", uid: "u", payloadValidation: true, remote: true },
    groups: groups.map((text) => {
      const [name = "", triggers = ""] = text.split(":");
      return { name, chain: [], triggers: triggers.split(" ").map(keyed) };
    }),
  };
}

/** Decisions of a plan, a letter for each trigger: m matched, w waiting. */
function decisionsOf({ groups }: ListenerPlan, kinds: string): readonly Decision[] {
  const all = groups.flatMap((group) => group.triggers.map((trigger) => ({ group, trigger })));
  return all.map(({ group, trigger }, at) => {
    if (kinds[at] === "w") return waitingFor(group, trigger, WHY);
    const { namespace, name } = trigger;
    return { trigger: { namespace, name }, result: "matched", reason: "", trace: [] };
  });
}

function asked(now: ListenerPlan, decisions: readonly Decision[]) {
  const { plan, places, gone } = stillWaiting(now, decisions);
  const triggers = plan.groups.flatMap((group) => group.triggers.map(({ key }) => `${group.name}:${key}`));
  return { triggers, places, gone };
}

describe("the triggers that a delivery waits for", () => {
  const then = planOf(":a b", "team:c d");

  test("are asked alone, and their answers know their places", () => {
    assert.deepEqual(asked(then, decisionsOf(then, "mwwm")), {
      triggers: [":b", "team:c"],
      places: [1, 2],
      gone: [],
    });
  });

  test("are all, where nobody has decided yet", () => {
    const { plan, places, gone } = stillWaiting(then, []);
    assert.equal(plan, then);
    assert.deepEqual([places, gone], [[0, 1, 2, 3], []]);
  });

  test("are found in another order, among others that came since", () => {
    const now = planOf("team:d new c", ":b a");
    assert.deepEqual(asked(now, decisionsOf(then, "wmwm")), {
      triggers: ["team:c", ":a"],
      places: [2, 0],
      gone: [],
    });
  });

  test("are gone where they were taken out, or stand in another group", () => {
    const expected = { triggers: [], places: [], gone: [1, 2] };
    assert.deepEqual(asked(planOf(":a", "other:c", "team:d"), decisionsOf(then, "mwwm")), expected);
  });

  test("of one name are told apart by their order only while there are as many as there were", () => {
    const same = planOf(":x x");
    const decisions = decisionsOf(same, "mw");
    assert.deepEqual(asked(same, decisions), { triggers: [":x#2"], places: [1], gone: [] });
    for (const now of [planOf(":x x x"), planOf(":x")]) {
      assert.deepEqual(asked(now, decisions), { triggers: [], places: [], gone: [1] });
    }
  });

  test("behind two groups are asked behind those in which they wait", () => {
    const [one, other] = [named("t"), named("t")];
    const plan = {
      ...planOf(),
      groups: [one, other].map((t, i) => ({ name: `g${i}`, chain: [], triggers: [t] })),
    };
    assert.deepEqual(asked(plan, decisionsOf(plan, "mw")), { triggers: ["g1:t"], places: [1], gone: [] });
  });
});

test("who gives up says why, and nothing waits any more; what was decided stays", () => {
  const [waits, fires] = decisionsOf(planOf(":a b"), "wm");
  assert.ok(waits && fires);
  assert.deepEqual(givenUp(waits, "given up after 24 hours"), {
    ...{ trigger: { namespace: "ci", name: "a" }, result: "failed", code: WHY.code, trace: [] },
    reason: "gate: away (given up after 24 hours)",
  });
  assert.equal(givenUp(fires, "given up"), fires);
});
