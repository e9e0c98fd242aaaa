/** The way in, for those who must prove who they are: who is let in, by which proof, and what a refusal says. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SluiceError } from "../../src/core/errors.ts";
import { assertNothingKept, decisionsOf, gone, openFlows, refusal } from "../helpers/flows.ts";
import {
  type Arrival,
  cel,
  github,
  listener,
  OPEN,
  push,
  SIGNED,
  secret,
  trigger,
  written,
} from "../helpers/objects.ts";

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
      const missing = refusal(
        "SLUICE_UNVERIFIED",
        /Secret ci\/hook (does not exist|holds nothing).* under.* key/,
      );
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
      trigger("three", [github("other"), github("behind")]),
    ];
    const secrets = [
      secret("one", "s"),
      secret("two", "s"),
      secret("both", "s"),
      secret("other", "x"),
      secret("behind", "s"),
    ];
    await using flows = await openFlows([...secrets, listener("git", triggers)]);
    const id = await flows.send(push({ token: "s" }));
    const held = ["behind", "both", "one", "two"].map((name) => `github(ci/${name}/token)`);
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
      refusal("SLUICE_PROOF_AWAY", /connection refused/),
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

test("a delivery that proved nothing does not use up the id of one that proves itself", async () => {
  const mixed = [
    listener("git", [trigger("open"), trigger("proved", [github()])], OPEN),
    secret("hook", "s3cret"),
  ];
  await using flows = await openFlows(mixed);
  const first = await flows.send(push({ id: "one", token: "guess" }));
  const second = await flows.send(push({ id: "one", token: "s3cret" }));
  assert.notEqual(second, first, "no duplicate: another proof");
  assert.equal(await flows.send(push({ id: "one", token: "s3cret" })), second, "the same again is one");
});
