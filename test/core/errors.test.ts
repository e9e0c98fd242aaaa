/** The error table and the faults made of it: complete rows, values filled in once, every thrown thing becomes a fault. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ERRORS } from "../../src/core/error-table.ts";
import { asFault, fault, reasonOf, SluiceError } from "../../src/core/errors.ts";

const ROOT = join(import.meta.dirname, "../..");

describe("the error table", () => {
  for (const [code, { status, retry, message, fix }] of Object.entries(ERRORS)) {
    test(`${code} has a status, and says in a sentence how to mend it`, () => {
      assert.match(code, /^SLUICE_[A-Z]+(_[A-Z]+)*$/);
      assert.ok(Number.isInteger(status) && status >= 400 && status <= 599);
      assert.ok(["never", "soon", "slow"].includes(retry));
      assert.match(message, /^\S.*[^\s.]$/, "no full stop: what mends it may follow");
      assert.match(fix, /^\S.*[.}]$/);
      // Otherwise senders who would do better to wait give up, or the other way round.
      if (status === 503 || status === 502) assert.equal(retry, "soon");
    });
  }

  // Nothing states these yet. Whoever takes one into use, or out of the table, takes it out here.
  const UNUSED = ["SLUICE_CEL_FAILED"];

  test("has no row that nothing states, but for those known", async () => {
    const texts: string[] = [];
    for await (const path of glob("{src,interceptors}/**/*.ts", { cwd: ROOT })) {
      texts.push(readFileSync(join(ROOT, path), "utf8"));
    }
    const all = texts.join("\n");
    assert.deepEqual(
      Object.keys(ERRORS).filter((code) => !all.includes(`"${code}"`)),
      UNUSED,
    );
  });
});

describe("a fault", () => {
  test("carries its row, and its values in message and cure", () => {
    const cause = new Error("below");
    const at = { file: "a.yaml", line: 3, column: 5 };
    const made = fault("SLUICE_INTERCEPTOR_UNKNOWN", { name: "gitub", known: "github" }, { cause, at });
    assert.ok(made instanceof SluiceError && made instanceof Error);
    const { name, code, status, retry, message, fix } = made;
    assert.deepEqual(
      [name, code, status, retry],
      ["SluiceError", "SLUICE_INTERCEPTOR_UNKNOWN", 422, "never"],
    );
    assert.deepEqual([message, fix], ["no interceptor is called gitub", "Known here: github."]);
    assert.deepEqual([made.cause, made.at], [cause, at]);
    assert.equal("cause" in fault("SLUICE_STOPPING"), false);
  });

  test("never looks into a value for more values, and shows a placeholder that got none", () => {
    const values = { name: "{known}$&$1", known: "secret" };
    assert.equal(fault("SLUICE_INTERCEPTOR_UNKNOWN", values).message, "no interceptor is called {known}$&$1");
    assert.equal(fault("SLUICE_INTERCEPTOR_UNKNOWN").message, "no interceptor is called {name}");
  });
});

describe("anything thrown", () => {
  test("that is a fault stays the same one", () => {
    const made = fault("SLUICE_STOPPING");
    assert.equal(asFault(made), made);
  });

  test("that is none becomes SLUICE_INTERNAL, which is tried again, and keeps its cause", () => {
    for (const thrown of [new TypeError("x is undefined"), "x is undefined"]) {
      const { code, retry, message, cause } = asFault(thrown);
      assert.deepEqual([code, retry, cause], ["SLUICE_INTERNAL", "soon", thrown]);
      assert.equal(message, "unexpected: x is undefined");
    }
  });

  test("has a text, also where its message is empty", () => {
    assert.equal(reasonOf(new RangeError("")), "RangeError");
    assert.equal(reasonOf(new AggregateError([new Error("a"), "b"])), "a; b");
    assert.equal(reasonOf(new AggregateError([new Error("a")], "two failed")), "two failed");
    assert.equal(reasonOf(null), "null");
    assert.equal(reasonOf({ toString: () => "object" }), "object");
  });
});
