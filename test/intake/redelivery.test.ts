/** Redeliveries: what had failed is tried again, what had not is left alone, however many come at once. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decidedAgainId } from "../../src/core/identity.ts";
import { onlyFailed } from "../../src/decide/open-work.ts";
import { compiled, decisionsOf, type Flows, openFlows, serveInterceptor } from "../helpers/flows.ts";
import { listener, OPEN, push, remote, SIGNED, signed, trigger } from "../helpers/objects.ts";
import { switchedTarget } from "../helpers/target.ts";

const broken = (name: string) => trigger(name, [], { bindings: [{ ref: "not-there" }] });
const policy = (word: string) => ({ annotations: { ...OPEN.annotations, "sluice.dev/on-duplicate": word } });

const outcomeOf = async ({ store }: Flows, id: string) => (await store.ledger.find(id))?.outcome;

describe("a redelivery of what failed", () => {
  test("tries dead jobs again under their names, and counts their attempts on", async () => {
    const { state, made, target } = switchedTarget();
    await using flows = await openFlows(SIGNED, { target });
    const arrival = push({ token: "s3cret", id: "gh-1" });
    const first = await flows.send(arrival);
    await flows.drain();
    const [dead] = await flows.jobs(first);
    assert.ok(dead?.kind === "create");
    state.refusing = false;
    assert.equal(await flows.send(arrival), first);
    await flows.drain();
    assert.deepEqual(made, [dead.objects[0]?.metadata.name]);
    const record = await flows.store.ledger.find(first);
    assert.equal(record?.outcome, "created");
    assert.deepEqual(
      record.jobs[0]?.attempts.map(({ number, outcome }) => [number, outcome]),
      [
        [1, "dead"],
        [2, "done"],
      ],
    );
    assert.equal(await flows.send(arrival), first);
    await flows.drain();
    assert.equal(made.length, 1, "and once it has succeeded it is a mere duplicate");
  });

  test("decides failed triggers again, with a delivery of its own, and no others", async () => {
    await using flows = await openFlows(signed(trigger("build"), broken("mended")));
    const arrival = push({ id: "gh-1", token: "s3cret" });
    const first = await flows.send(arrival);
    await flows.drain();
    assert.deepEqual(await decisionsOf(flows, first), ["build matched", "mended failed"]);
    await flows.declare(signed(trigger("build"), trigger("mended"), trigger("new")));
    assert.equal(await flows.send(arrival), first);
    await flows.drain();
    const second = decidedAgainId(first);
    assert.deepEqual(await decisionsOf(flows, second), ["mended matched"]);
    assert.equal((await flows.store.ledger.find(second))?.replayOf, first);
    const dropped = (await flows.store.ledger.find(first))?.dropped;
    assert.deepEqual([dropped?.actor, dropped?.reason], ["sluice", `decided again as ${second}`]);
    assert.equal(flows.files().length, 2);
    await flows.send(arrival);
    await flows.drain();
    assert.equal(flows.files().length, 2, "once that has succeeded nothing is left to do");
  });

  test("that fails again is decided again behind it", async () => {
    const before = signed(broken("mended"));
    await using flows = await openFlows(before);
    const arrival = push({ id: "gh-1", token: "s3cret" });
    const first = await flows.send(arrival);
    assert.equal(await flows.send(arrival), first);
    const second = decidedAgainId(first);
    assert.deepEqual([await outcomeOf(flows, first), await outcomeOf(flows, second)], ["dead", "dead"]);
    await flows.declare(signed(trigger("mended")));
    assert.equal(await flows.send(arrival), first);
    await flows.drain();
    const third = decidedAgainId(second);
    assert.deepEqual([await outcomeOf(flows, third), flows.files().length], ["created", 1]);
    const dead = await flows.store.ledger.deadGroups();
    assert.deepEqual(dead, [], "the failures before it wait for nobody");
  });

  test("sees the headers that the sender sent now, which the store had masked", async () => {
    let working = false;
    await using gate = await serveInterceptor(({ body }) => {
      const { header } = JSON.parse(body) as { header: Record<string, string[]> };
      if (!working) return { status: 500, body: {} };
      return { body: { continue: header["X-Hub-Signature-256"]?.[0] !== "***" } };
    });
    const objects = [remote("gate", gate.url), ...signed(trigger("build", [{ ref: { name: "gate" } }]))];
    await using flows = await openFlows(objects);
    const arrival = push({ id: "gh-1", token: "s3cret" });
    const first = await flows.send(arrival);
    working = true;
    await flows.drain();
    assert.deepEqual(await decisionsOf(flows, first), ["build failed"]);
    await flows.send(arrival);
    await flows.drain();
    assert.deepEqual(await decisionsOf(flows, decidedAgainId(first)), ["build matched"]);
  });

  test("that a worker must decide asks the failed triggers alone", async () => {
    let status = 500;
    await using gate = await serveInterceptor(() => ({ status, body: { continue: true } }));
    const asks = { ref: { name: "gate" } };
    const named = (binding: object) => trigger("late", [asks], { bindings: [binding] });
    const objects = (binding: object) => [
      remote("gate", gate.url),
      ...signed(trigger("build"), named(binding)),
    ];
    await using flows = await openFlows(objects({ ref: "not-there" }));
    status = 200;
    const arrival = push({ id: "gh-1", token: "s3cret" });
    const first = await flows.send(arrival);
    await flows.drain();
    assert.deepEqual(await decisionsOf(flows, first), ["build matched", "late failed"]);
    await flows.declare(objects({ name: "ref", value: "x" }));
    status = 500;
    await flows.send(arrival);
    const second = decidedAgainId(first);
    assert.equal((await flows.store.ledger.find(second))?.decided, false);
    status = 200;
    await flows.drain();
    assert.deepEqual(await decisionsOf(flows, second), ["late matched"]);
    assert.equal(flows.files().length, 2);
  });

  test("says that the store is away when it cannot be promised", async () => {
    const { target } = switchedTarget();
    let away = false;
    await using flows = await openFlows(SIGNED, {
      target,
      ledger: (real) => ({
        ...real,
        reopen: (...given) => (away ? Promise.reject(new Error("gone")) : real.reopen(...given)),
      }),
    });
    const arrival = push({ token: "s3cret", id: "gh-1" });
    await flows.send(arrival);
    await flows.drain();
    away = true;
    await assert.rejects(flows.send(arrival), { code: "SLUICE_STORE_AWAY" });
  });
});

describe("the annotation sluice.dev/on-duplicate", () => {
  test("ignore leaves dead what is dead", async () => {
    const { made, state, target } = switchedTarget();
    await using flows = await openFlows([listener("git", [trigger("build")], policy("ignore"))], { target });
    const arrival = push({ id: "gh-1" });
    const first = await flows.send(arrival);
    await flows.drain();
    state.refusing = false;
    assert.equal(await flows.send(arrival), first);
    await flows.drain();
    assert.deepEqual([made, await outcomeOf(flows, first)], [[], "dead"]);
  });

  test("rerun makes every sending a delivery of its own", async () => {
    await using flows = await openFlows([listener("git", [trigger("build")], policy("rerun"))]);
    const arrival = push({ id: "gh-1" });
    const ids = [await flows.send(arrival), await flows.send(arrival)];
    await flows.drain();
    assert.equal(new Set(ids).size, 2);
    assert.equal(flows.files().length, 2);
  });

  test("with another word is a fault that names the words there are", async () => {
    const { errors, plans } = await compiled([listener("git", [trigger("build")], policy("retry"))]);
    assert.match(errors[0]?.message ?? "", /on-duplicate.*"retry".*retry-failed, ignore, rerun/);
    assert.equal(errors[0]?.code, "SLUICE_OBJECT_INVALID");
    assert.equal(plans.find("ci", "git")?.onDuplicate, undefined);
  });
});

describe("the triggers that are asked again", () => {
  const decided = (...results: readonly (readonly [string, "matched" | "filtered" | "failed"])[]) => ({
    decisions: results.map(([name, result]) => ({
      ...{ trigger: { namespace: "ci", name }, result, reason: "", trace: [] },
    })),
  });
  const planOf = async (...names: readonly string[]) => {
    const { plans } = await compiled([
      listener(
        "git",
        names.map((name) => trigger(name)),
        OPEN,
      ),
    ]);
    const plan = plans.find("ci", "git");
    assert.ok(plan);
    return plan;
  };
  const asked = (plan: ReturnType<typeof onlyFailed>) =>
    plan?.groups.flatMap(({ triggers }) => triggers.map(({ name }) => name));

  test("are those that failed; not those that fired, said no, or are new", async () => {
    const plan = await planOf("a", "b", "c", "new");
    const first = decided(["a", "matched"], ["b", "failed"], ["c", "filtered"]);
    assert.deepEqual(asked(onlyFailed(plan, first)), ["b"]);
    assert.equal(onlyFailed(plan, decided(["a", "matched"], ["gone", "failed"])), undefined);
  });

  test("are none of a name that fired: unnamed ones may have changed places", async () => {
    const plan = await planOf("", "");
    assert.equal(onlyFailed(plan, decided(["", "matched"], ["", "failed"])), undefined);
    assert.deepEqual(asked(onlyFailed(plan, decided(["", "filtered"], ["", "failed"]))), ["", ""]);
  });

  test("are all where a worker had found no listener", async () => {
    const plan = await planOf("a", "b");
    assert.deepEqual(asked(onlyFailed(plan, decided(["git", "failed"]))), ["a", "b"]);
  });
});
