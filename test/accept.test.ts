/** The way in: proofs, bodies, duplicates, what is stored and queued, and what the sender is told. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fault, SluiceError } from "../src/core/errors.ts";
import { decideJobId } from "../src/core/identity.ts";
import { compiled, type Flows, openFlows, serveInterceptor } from "./helpers/flows.ts";
import {
  type Arrival,
  cel,
  generic,
  github,
  listener,
  OPEN,
  push,
  remote,
  SIGNED,
  secret,
  trigger,
  written,
} from "./helpers/objects.ts";

const refusal =
  (code: string, text = /./) =>
  (error: unknown) =>
    error instanceof SluiceError && error.code === code && text.test(error.message);

const gone = () => Promise.reject(fault("SLUICE_STORE_AWAY", { reason: "connection refused" }));

async function assertNothingKept({ store, facts }: Flows): Promise<void> {
  assert.equal((await store.ledger.audit()).accepted, 0);
  const { waiting, active, delayed } = await store.queue.depth();
  assert.deepEqual([waiting, active, delayed], [0, 0, 0]);
  assert.deepEqual(facts, []);
}

/** Result and last reason of each trigger's decision. */
async function decisionsOf({ store }: Flows, id: string): Promise<readonly string[]> {
  const record = await store.ledger.find(id);
  return (record?.decisions ?? []).map(({ trigger, result }) => `${trigger.name} ${result}`);
}

describe("a delivery", () => {
  test("that is signed stands in ledger and queue before the sender gets its eventID, and becomes a run", async () => {
    await using flows = await openFlows(SIGNED);
    const id = await flows.send(push({ token: "s3cret" }));
    const record = await flows.store.ledger.find(id);
    assert.deepEqual([record?.outcome, record?.proof], ["pending", "github(ci/hook/token)"]);
    const ids = (await flows.jobs(id)).map((job) => job.id);
    assert.equal(ids.length, 1);
    assert.deepEqual(await flows.store.queue.holds(ids), new Set(ids));
    await flows.drain();
    assert.equal((await flows.store.ledger.find(id))?.outcome, "created");
    assert.equal(flows.files().length, 1);
  });

  test("that matches nothing is stored, answered, and never touches the queue", async () => {
    const never = [github(), cel("body.ref == 'refs/tags/never'")];
    await using flows = await openFlows([secret("hook", "s"), listener("git", [trigger("build", never)])]);
    const id = await flows.send(push({ token: "s" }));
    assert.equal((await flows.store.ledger.find(id))?.outcome, "filtered");
    assert.equal((await flows.store.queue.depth()).waiting, 0);
  });

  test("to a listener without triggers is stored as filtered", async () => {
    await using flows = await openFlows([
      listener("git", [], { namespaceSelector: { matchNames: ["empty"] } }),
    ]);
    const id = await flows.send(push());
    assert.equal((await flows.store.ledger.find(id))?.outcome, "filtered");
  });

  test("tells what was accepted, then what each trigger decided, in the triggers' order", async () => {
    const triggers = [trigger("one", [cel("true")]), trigger("two", [cel("false")])];
    await using flows = await openFlows([listener("git", triggers, OPEN)], { clock: () => 1_005 });
    const arrival = push({ at: 1_000 });
    const id = await flows.send(arrival);
    assert.deepEqual(flows.told(), ["delivery.accepted", "decision.made", "decision.made"]);
    const [accepted, one, two] = flows.facts;
    const about = { listener: { namespace: "ci", name: "git" } };
    assert.deepEqual(accepted, {
      type: "delivery.accepted",
      ...{ id, ...about, provider: "github", event: "push", outcome: "pending", matched: 1 },
      ...{ bytes: arrival.body.length, took: 5 },
    });
    assert.ok(one?.type === "decision.made" && two?.type === "decision.made");
    assert.deepEqual([one.delivery, one.trigger.name, one.result], [id, "one", "matched"]);
    assert.deepEqual([two.delivery, two.trigger.name, two.result], [id, "two", "filtered"]);
  });
});

describe("the proof of the sender", () => {
  const wrong: readonly [string, Arrival, RegExp][] = [
    ["missing", push(), /X-Hub-Signature-256 is missing\. Set a secret on the webhook in GitHub; .*ci\/hook/],
    ["made with another secret", push({ token: "guess" }), /does not match the body under Secret ci\/hook/],
    ["of another body", { ...push({ token: "s3cret" }), body: Buffer.from("[]") }, /does not match the body/],
  ];
  for (const [what, arrival, reason] of wrong) {
    test(`when ${what}: 401 that says what to mend, and nothing is written`, async () => {
      await using flows = await openFlows(SIGNED);
      await assert.rejects(flows.send(arrival), (error: unknown) => {
        assert.ok(refusal("SLUICE_UNVERIFIED", reason)(error), String(error));
        return (error as SluiceError).status === 401;
      });
      await assertNothingKept(flows);
    });
  }

  test("is looked at before the body is parsed", async () => {
    await using flows = await openFlows(SIGNED);
    await assert.rejects(flows.send(push({ body: "{" })), refusal("SLUICE_UNVERIFIED"));
  });

  test("when the Secret does not exist or its key is empty: 401 that names Secret and key", async () => {
    const git = listener("git", [trigger("build", [github()])]);
    for (const objects of [[git], [git, secret("hook", "")]]) {
      await using flows = await openFlows(objects);
      const missing = refusal("SLUICE_UNVERIFIED", /Secret ci\/hook has no usable key token/);
      await assert.rejects(flows.send(push({ token: "" })), missing);
      await assertNothingKept(flows);
    }
  });

  test("that holds for one trigger of several lets the delivery in, and fires only that one", async () => {
    const triggers = [trigger("ours", [github("ours")]), trigger("theirs", [github("theirs")])];
    const objects = [secret("ours", "o"), secret("theirs", "t"), listener("git", triggers)];
    await using flows = await openFlows(objects);
    const id = await flows.send(push({ token: "t" }));
    assert.deepEqual(await decisionsOf(flows, id), ["ours filtered", "theirs matched"]);
    const record = await flows.store.ledger.find(id);
    assert.equal(record?.proof, "github(ci/theirs/token)");
    const { station, verdict, reason } = record.decisions[0]?.trace[0] ?? {};
    assert.deepEqual([station, verdict], ["verify", "stop"]);
    assert.match(reason ?? "", /does not match the body under Secret ci\/ours/);
    await assert.rejects(flows.send(push({ token: "x" })), refusal("SLUICE_UNVERIFIED"));
  });

  test("is not asked of strangers where one trigger is declared open: it alone fires", async () => {
    const open = written("Trigger", "open", trigger("", []), OPEN);
    const triggers = [trigger("build", [github()]), { triggerRef: "open" }];
    await using flows = await openFlows([secret("hook", "s"), open, listener("git", triggers)]);
    const id = await flows.send(push());
    assert.deepEqual(await decisionsOf(flows, id), ["build filtered", "open matched"]);
    assert.equal((await flows.store.ledger.find(id))?.proof, "none");
  });

  test("is recorded with every demand that holds, though one would have let the delivery in", async () => {
    const triggers = [
      trigger("one", [github("one"), github("both")]),
      trigger("two", [github("two")]),
      trigger("three", [github("other")]),
    ];
    const secrets = [secret("one", "s"), secret("two", "s"), secret("both", "s"), secret("other", "x")];
    await using flows = await openFlows([...secrets, listener("git", triggers)]);
    const id = await flows.send(push({ token: "s" }));
    const held = ["both", "one", "two"].map((name) => `github(ci/${name}/token)`);
    assert.equal((await flows.store.ledger.find(id))?.proof, held.join(" "));
    assert.deepEqual(await decisionsOf(flows, id), ["one matched", "two matched", "three filtered"]);
  });

  test("may be made with any value of a key that is being rotated, and with no other key", async () => {
    const hook = secret("hook", "new", {
      "token.old": "old",
      "token.older": "older",
      tokens: "no",
      other: "no",
    });
    await using flows = await openFlows([hook, listener("git", [trigger("build", [github()])])]);
    for (const token of ["new", "old", "older"]) await flows.send(push({ token }));
    assert.equal((await flows.store.ledger.audit()).accepted, 3);
    await assert.rejects(flows.send(push({ token: "no" })), refusal("SLUICE_UNVERIFIED"));
  });

  test("that cannot be checked just now is 503, not 401: the sender is right, and nothing is kept", async () => {
    const secrets = { peek: () => undefined, read: gone };
    await using flows = await openFlows(SIGNED, { secrets: () => secrets });
    await assert.rejects(
      flows.send(push({ token: "s3cret" })),
      refusal("SLUICE_STORE_AWAY", /connection refused/),
    );
    await assertNothingKept(flows);
  });

  test("that nobody demands is refused, unless the listener says so or the gateway allows it", async () => {
    const triggers = [trigger("build", [cel("true")])];
    await using closed = await openFlows([listener("git", triggers)]);
    const undeclared = refusal(
      "SLUICE_UNVERIFIED",
      /ci\/build demands no proof.*sluice\.dev\/verification: none/,
    );
    await assert.rejects(closed.send(push()), undeclared);
    await assertNothingKept(closed);
    await using said = await openFlows([listener("git", triggers, OPEN)]);
    assert.deepEqual(await decisionsOf(said, await said.send(push())), ["build matched"]);
    await using allowed = await openFlows([listener("git", triggers)], { unverified: "allow" });
    assert.deepEqual(await decisionsOf(allowed, await allowed.send(push())), ["build matched"]);
  });

  test("that one trigger does not declare leaves the others as they are", async () => {
    const triggers = [trigger("build", [github()]), trigger("forgotten", [])];
    await using flows = await openFlows([secret("hook", "s"), listener("git", triggers)]);
    const id = await flows.send(push({ token: "s" }));
    const [build, forgotten] = await decisionsOf(flows, id);
    assert.equal(build, "build matched");
    assert.notEqual(forgotten, "forgotten matched");
    await assert.rejects(flows.send(push()), refusal("SLUICE_UNVERIFIED"));
  });
});

describe("the body", () => {
  const open = [listener("git", [trigger("build", [])], OPEN)];
  const lax = { annotations: { ...OPEN.annotations, "tekton.dev/payload-validation": "false" } };
  const form = "payload=%7B%22ref%22%3A%22main%22%7D";
  const asForm = { "content-type": "application/x-www-form-urlencoded" };

  test("that is no JSON is 400 with Tekton's words, and nothing is written", async () => {
    await using flows = await openFlows(open);
    for (const body of ["", "{", "nul", "\u0000", "[".repeat(2_000), '{"a":1e999}']) {
      const error = refusal("SLUICE_BODY_NOT_JSON", /^Invalid event body format: /);
      await assert.rejects(flows.send(push({ body })), error, body.slice(0, 10));
    }
    await assertNothingKept(flows);
  });

  test("that is JSON but neither object nor null is refused, as Tekton does", async () => {
    await using flows = await openFlows(open);
    for (const body of ["[]", "1", '"text"', "true"]) {
      await assert.rejects(flows.send(push({ body })), refusal("SLUICE_BODY_NOT_JSON", /no object/), body);
    }
    await assertNothingKept(flows);
    await flows.send(push({ body: "null" }));
  });

  test("that is a form is 400 and says which content type to choose", async () => {
    await using flows = await openFlows(open);
    await assert.rejects(flows.send(push({ body: form, headers: asForm })), (error: unknown) => {
      assert.ok(refusal("SLUICE_FORM")(error));
      return error instanceof SluiceError && error.status === 400 && /application\/json/.test(error.fix);
    });
    await assertNothingKept(flows);
  });

  test("may be anything where the listener switched validation off", async () => {
    await using flows = await openFlows([listener("git", [trigger("build", [cel("true")])], lax)]);
    for (const arrival of [push({ body: "plain" }), push({ body: form, headers: asForm })]) {
      const record = await flows.store.ledger.find(await flows.send(arrival));
      assert.ok(record?.decided && record.size === arrival.body.length);
    }
  });

  test("is kept byte for byte, whatever keys and bytes it holds", async () => {
    await using flows = await openFlows(open);
    const body = '{"ref":"a","__proto__":{"polluted":true},"constructor":1,"x":"\ud83d\ude00"}';
    const id = await flows.send(push({ body }));
    assert.equal((await flows.store.ledger.load(id))?.body.toString(), body);
    assert.equal("polluted" in {}, false);
    const binary = { ...push(), body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) };
    assert.deepEqual((await flows.store.ledger.load(await flows.send(binary)))?.body, binary.body);
  });
});

describe("a delivery that was sent before", () => {
  test("is answered with the first eventID, kept as a duplicate, and fires nothing", async () => {
    await using flows = await openFlows(SIGNED);
    const arrival = push({ token: "s3cret", id: "gh-1" });
    const first = await flows.send(arrival);
    await flows.drain();
    assert.equal(await flows.send(arrival), first);
    await flows.drain();
    const { accepted, created, duplicate, runs, violations } = await flows.store.ledger.audit();
    assert.deepEqual(
      { accepted, created, duplicate, runs },
      { accepted: 2, created: 1, duplicate: 1, runs: 1 },
    );
    assert.deepEqual(violations, []);
    assert.equal(flows.files().length, 1);
    const last = flows.facts.at(-1);
    assert.ok(last?.type === "delivery.accepted");
    assert.deepEqual([last.outcome, last.duplicateOf], ["duplicate", first]);
    assert.notEqual(last.id, first);
  });

  test("fifty times at once is one delivery, and all fifty senders get its eventID", async () => {
    await using flows = await openFlows(SIGNED);
    const arrival = push({ token: "s3cret", id: "gh-1" });
    const ids = await Promise.all(Array.from({ length: 50 }, () => flows.send(arrival)));
    assert.equal(new Set(ids).size, 1);
    await flows.drain();
    const { created, duplicate } = await flows.store.ledger.audit();
    assert.deepEqual([created, duplicate, flows.files().length], [1, 49, 1]);
  });

  test("to another listener, or by a sender that gives no id, is another delivery", async () => {
    const other = listener("other", [trigger("build", [])], OPEN);
    await using flows = await openFlows([listener("git", [trigger("build", [])], OPEN), other]);
    const ids = [await flows.send(push({ id: "1" })), await flows.send(push({ id: "1" }), "other")];
    const body = '{"ref":"a"}';
    for (let i = 0; i < 2; i++) ids.push(await flows.send(generic({ body })));
    assert.equal(new Set(ids).size, 4);
  });

  test("and whose job never reached the queue is queued again", async () => {
    let dead = true;
    const dying = { enqueue: () => gone() };
    await using flows = await openFlows(SIGNED, {
      queue: (real) => ({ ...real, enqueue: (jobs) => (dead ? dying.enqueue() : real.enqueue(jobs)) }),
    });
    const arrival = push({ token: "s3cret", id: "gh-1" });
    const first = await flows.send(arrival);
    const ids = (await flows.jobs(first)).map((job) => job.id);
    assert.deepEqual(await flows.store.queue.holds(ids), new Set());
    dead = false;
    assert.equal(await flows.send(arrival), first);
    assert.deepEqual(await flows.store.queue.holds(ids), new Set(ids));
    await flows.drain();
    assert.equal(flows.files().length, 1);
  });

  test("and is still undecided is queued again too", async () => {
    let dead = true;
    const objects = [
      remote("gate", "http://127.0.0.1:1/"),
      listener("git", [trigger("build", [{ ref: { name: "gate" } }])]),
    ];
    await using flows = await openFlows(objects, {
      queue: (real) => ({ ...real, enqueue: (jobs) => (dead ? gone() : real.enqueue(jobs)) }),
    });
    const arrival = push({ id: "gh-1" });
    const first = await flows.send(arrival);
    dead = false;
    assert.equal(await flows.send(arrival), first);
    assert.deepEqual(await flows.store.queue.holds([decideJobId(first)]), new Set([decideJobId(first)]));
  });
});

describe("a store", () => {
  test("that does not take the delivery is 503, and nothing reaches the queue", async () => {
    await using flows = await openFlows(SIGNED, { ledger: (real) => ({ ...real, accept: gone }) });
    await assert.rejects(flows.send(push({ token: "s3cret" })), (error: unknown) => {
      assert.ok(
        refusal("SLUICE_STORE_AWAY", /^the store did not accept the delivery: connection refused$/)(error),
      );
      return error instanceof SluiceError && error.status === 503;
    });
    await assertNothingKept(flows);
  });

  test("whose driver throws something of its own is 503 as well", async () => {
    const broken = () => Promise.reject(new TypeError("boom"));
    await using flows = await openFlows(SIGNED, { ledger: (real) => ({ ...real, accept: broken }) });
    await assert.rejects(flows.send(push({ token: "s3cret" })), refusal("SLUICE_STORE_AWAY", /boom/));
  });

  // A 503 would be a lie here, and a sender without delivery ids who believed it would have his event run twice.
  test("whose queue dies after the ledger has accepted keeps its word: 202, and the work is swept up", async () => {
    let dead = true;
    await using flows = await openFlows([listener("git", [trigger("build", [])], OPEN)], {
      queue: (real) => ({ ...real, enqueue: (jobs) => (dead ? gone() : real.enqueue(jobs)) }),
    });
    const id = await flows.send(generic({ body: '{"ref":"a"}' }));
    assert.equal((await flows.store.ledger.find(id))?.outcome, "pending");
    assert.deepEqual(flows.told(), ["defect", "delivery.accepted", "decision.made"]);
    const [defect] = flows.facts;
    assert.ok(defect?.type === "defect" && defect.where === "enqueue");
    dead = false;
    const { undecided, jobs } = await flows.store.ledger.pending(Date.now() + 1_000, { limit: 10 });
    assert.deepEqual([undecided.length, jobs.length], [0, 1]);
  });
});

describe("a delivery that this process does not decide", () => {
  test("is stored undecided and queued for a worker when requests may not wait for a remote chain", async () => {
    await using gate = await serveInterceptor(() => ({ body: { continue: true } }));
    const objects = [
      remote("gate", gate.url),
      listener("git", [trigger("build", [{ ref: { name: "gate" } }])]),
    ];
    await using flows = await openFlows(objects, { decideWithin: 0 });
    const id = await flows.send(push());
    const record = await flows.store.ledger.find(id);
    assert.deepEqual([record?.decided, record?.outcome, gate.asked.length], [false, "pending", 0]);
    assert.deepEqual(await flows.store.queue.holds([decideJobId(id)]), new Set([decideJobId(id)]));
    assert.deepEqual(flows.told(), ["delivery.accepted"]);
    await flows.drain();
    assert.deepEqual([gate.asked.length, flows.files().length], [1, 1]);
  });

  test("is left to a worker when a secret that a filter compares cannot be read just now", async () => {
    let away = true;
    const filter = cel("body.password.compareSecret('token', 'hook')");
    await using flows = await openFlows(
      [secret("hook", "x"), listener("git", [trigger("build", [filter])], OPEN)],
      {
        secrets: (real) => ({
          peek: (...name) => (away ? undefined : real.peek(...name)),
          read: (...name) => (away ? gone() : real.read(...name)),
        }),
      },
    );
    const id = await flows.send(push({ body: '{"ref":"a","password":"x"}' }));
    assert.equal((await flows.store.ledger.find(id))?.decided, false);
    away = false;
    await flows.drain();
    assert.deepEqual(await decisionsOf(flows, id), ["build matched"]);
  });
});

describe("a replay", () => {
  const two = [
    secret("hook", "s"),
    secret("late", "s"),
    listener("git", [trigger("build", [github()]), trigger("late", [github("late")])]),
  ];

  test("decides a stored delivery again as one of its own, with names of its own", async () => {
    await using flows = await openFlows(SIGNED);
    const first = await flows.send(push({ token: "s3cret", id: "gh-1" }));
    const again = await flows.accept.replay(first);
    assert.notEqual(again, first);
    await flows.drain();
    assert.equal(flows.files().length, 2);
    const record = await flows.store.ledger.find(again);
    assert.deepEqual([record?.outcome, record?.replayOf], ["created", first]);
    const told = flows.facts.filter((fact) => fact.type === "delivery.accepted");
    assert.deepEqual([told.length, told[1]?.replayOf], [2, first]);
  });

  test("keeps exactly the proofs that held on arrival: a demand that came later is not met", async () => {
    await using flows = await openFlows([
      secret("hook", "s"),
      listener("git", [trigger("build", [github()])]),
    ]);
    const first = await flows.send(push({ token: "s" }));
    await flows.declare(two);
    const again = await flows.accept.replay(first);
    assert.deepEqual(await decisionsOf(flows, again), ["build matched", "late filtered"]);
    const record = await flows.store.ledger.find(again);
    assert.equal(record?.proof, "github(ci/hook/token)");
    const reason = record.decisions[1]?.trace[0]?.reason ?? "";
    assert.match(
      reason,
      /proved on arrival: github\(ci\/hook\/token\); this trigger demands github\(ci\/late\/token\)/,
    );
    assert.deepEqual(await decisionsOf(flows, await flows.accept.replay(again)), [
      "build matched",
      "late filtered",
    ]);
  });

  test("of a delivery that nobody had proved proves nothing", async () => {
    const build = trigger("build", []);
    await using flows = await openFlows([listener("git", [build], OPEN)]);
    const first = await flows.send(push());
    await flows.declare(two);
    const again = await flows.accept.replay(first);
    assert.deepEqual(await decisionsOf(flows, again), ["build filtered", "late filtered"]);
  });

  test("of a delivery or to a listener that is not there says so", async () => {
    await using flows = await openFlows(SIGNED);
    await assert.rejects(flows.accept.replay("nobody"), refusal("SLUICE_DELIVERY_UNKNOWN", /nobody/));
    const id = await flows.send(push({ token: "s3cret" }));
    await flows.declare([listener("other", [trigger("build", [])], OPEN)]);
    const missing = refusal("SLUICE_LISTENER_UNKNOWN", /\/ci\/git/);
    await assert.rejects(flows.accept.replay(id), missing);
  });
});

test("the objects of these tests are what an operator would write: they compile without an error", async () => {
  const { errors, warnings } = await compiled(SIGNED);
  assert.deepEqual([errors, warnings], [[], []]);
});
