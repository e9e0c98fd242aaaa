/** What stores refuse with, told apart by its own code: full, closed to us, refusing, away; and what is none of these. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ReplyError } from "ioredis";
import { fault } from "../../src/core/errors.ts";
import { isTrouble, knownTrouble, mayBeBrief, troubleOf } from "../../src/core/trouble.ts";

const reply = (text: string) => new (ReplyError as unknown as new (text: string) => Error)(text);
const coded = (code: string) => Object.assign(new Error("said"), { code });

describe("the trouble of a store", () => {
  const named = [
    [reply("OOM command not allowed when used memory > 'maxmemory'."), "SLUICE_STORE_FULL"],
    [coded("53100"), "SLUICE_STORE_FULL"],
    [reply("NOAUTH Authentication required."), "SLUICE_STORE_LOGIN"],
    [coded("28P01"), "SLUICE_STORE_LOGIN"],
    [coded("SELF_SIGNED_CERT_IN_CHAIN"), "SLUICE_STORE_TLS"],
    [reply("READONLY You can't write against a read only replica."), "SLUICE_STORE_REFUSES"],
    [reply("NOREPLICAS Not enough good replicas to write."), "SLUICE_STORE_REFUSES"],
    [reply("MISCONF Redis is configured to save RDB snapshots"), "SLUICE_STORE_REFUSES"],
    [reply("BUSY Redis is busy running a script."), "SLUICE_STORE_REFUSES"],
    [reply("LOADING Redis is loading the dataset in memory"), "SLUICE_STORE_REFUSES"],
    [
      reply("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"),
      "SLUICE_STORE_REFUSES",
    ],
    [coded("25006"), "SLUICE_STORE_REFUSES"],
  ] as const;
  for (const [error, code] of named) {
    test(`${error.message.split(" ", 1)[0]} ${"code" in error ? error.code : ""} is ${code}, with a cure`, () => {
      const trouble = knownTrouble(error);
      assert.equal(trouble?.code, code);
      assert.notEqual(trouble?.fix, "");
      assert.doesNotMatch(`${trouble?.message} ${trouble?.fix}`, /\{\w+\}/);
      assert.ok(isTrouble(trouble));
    });
  }

  test("that arose in a script is told as older versions of Redis tell it", () => {
    const said = (text: string) =>
      knownTrouble(reply(`ERR Error running script (call to f_8ad7c1): @user_script: 12: -${text}`));
    assert.equal(said("OOM command not allowed when used memory > 'maxmemory'.")?.code, "SLUICE_STORE_FULL");
    assert.equal(said("READONLY You can't write against a read only replica.")?.code, "SLUICE_STORE_REFUSES");
    assert.equal(said("WRONGTYPE Operation against a key holding the wrong kind of value"), undefined);
  });

  test("may be over in a moment where it is a restart, a failover or a freeze, and not where a person has to act", () => {
    const brief = ["SLUICE_STORE_AWAY", "SLUICE_STORE_REFUSES", "SLUICE_STORE_UNREPLICATED"] as const;
    for (const code of brief) assert.ok(mayBeBrief(fault(code, { reason: "" })), code);
    for (const code of [
      "SLUICE_STORE_FULL",
      "SLUICE_STORE_LOGIN",
      "SLUICE_STORE_TLS",
      "SLUICE_FORM",
    ] as const)
      assert.ok(!mayBeBrief(fault(code, { reason: "" })), code);
  });

  test("that no code names is one only where it is known to be a store's", () => {
    assert.equal(knownTrouble(new Error("Connection is closed.")), undefined);
    assert.equal(knownTrouble(new TypeError("x is not a function")), undefined);
    assert.equal(knownTrouble("text"), undefined);
    assert.equal(troubleOf(new Error("Connection is closed.")).code, "SLUICE_STORE_AWAY");
  });

  test("stays what it is, and a fault that is none is none", () => {
    const away = fault("SLUICE_STORE_AWAY", { reason: "gone" });
    assert.equal(knownTrouble(away), away);
    assert.equal(knownTrouble(fault("SLUICE_FORM")), undefined);
  });
});
