/** The way in: what is stored, queued, told and answered, and which bodies are taken. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SluiceError } from "../../src/core/errors.ts";
import { decideJobId } from "../../src/core/identity.ts";
import type { Ledger } from "../../src/core/ledger.ts";
import {
  assertNothingKept,
  compiled,
  decisionsOf,
  gone,
  openFlows,
  refusal,
  serveInterceptor,
} from "../helpers/flows.ts";
import {
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
} from "../helpers/objects.ts";

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

  test("to a listener without triggers is stored as filtered where anybody may send", async () => {
    const nobody = { namespaceSelector: { matchNames: ["empty"] } };
    await using flows = await openFlows([listener("git", [], { ...OPEN, ...nobody })]);
    const id = await flows.send(push());
    assert.equal((await flows.store.ledger.find(id))?.outcome, "filtered");
    await flows.declare([listener("git", [], nobody)]);
    await assert.rejects(flows.send(push()), refusal("SLUICE_LISTENER_EMPTY", /ci\/git has no trigger/));
    assert.equal((await flows.store.ledger.audit()).accepted, 1);
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

test("what is too long or too deep to be written is not called the store's absence", async () => {
  const open = [listener("git", [trigger("build", [])], OPEN)];
  const ledger = (real: Ledger): Ledger => ({
    ...real,
    accept: () => Promise.reject(new RangeError("Invalid string length")),
  });
  await using flows = await openFlows(open, { ledger });
  await assert.rejects(flows.send(push()), RangeError);
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

describe("a store", () => {
  test("that does not take the delivery is 503, and nothing reaches the queue", async () => {
    await using flows = await openFlows(SIGNED, { ledger: (real) => ({ ...real, accept: gone }) });
    await assert.rejects(flows.send(push({ token: "s3cret" })), (error: unknown) => {
      assert.ok(
        refusal("SLUICE_STORE_AWAY", /^the store cannot be used just now: connection refused$/)(error),
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
    await using flows = await openFlows([listener("git", [trigger("build", [])], OPEN)], {
      queue: (real) => ({ ...real, enqueue: gone }),
    });
    const id = await flows.send(generic({ body: '{"ref":"a"}' }));
    assert.equal((await flows.store.ledger.find(id))?.outcome, "pending");
    // That the store is away is told by the store, once.
    assert.deepEqual(flows.told(), ["delivery.accepted", "decision.made"]);
    const { undecided, jobs } = await flows.store.ledger.pending(Date.now() + 1_000, { limit: 10 });
    assert.deepEqual([undecided.length, jobs.length], [0, 1]);
  });
});

test("a queue that fails for a reason of its own is told of as a defect, and the delivery is accepted", async () => {
  const broken = () => Promise.reject(new TypeError("boom"));
  await using flows = await openFlows([listener("git", [trigger("build", [])], OPEN)], {
    queue: (real) => ({ ...real, enqueue: broken }),
  });
  await flows.send(generic({ body: '{"ref":"a"}' }));
  const [defect] = flows.facts;
  assert.ok(defect?.type === "defect" && defect.where === "enqueue");
  assert.deepEqual(flows.told().slice(1), ["delivery.accepted", "decision.made"]);
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

test("the objects of these tests are what an operator would write: they compile without an error", async () => {
  const { errors, warnings } = await compiled(SIGNED);
  assert.deepEqual([errors, warnings], [[], []]);
});
