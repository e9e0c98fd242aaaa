/** The diagnosis of a refused delivery: what it says, how seldom it tries other values, and that it never fails. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Attempt, createDiagnosis } from "../../src/verify/diagnose.ts";

const GOOD = "Zq8-vT3xWm5_rK1pLs9y";
const MINUTE = 60_000;

/** An attempt against one key `token`, and the values that were tried. */
function attempt(value: string, more: Partial<Attempt> = {}) {
  const tried: string[] = [];
  const made: Attempt = {
    secret: { namespace: "ci", name: "hook", key: "token" },
    data: new Map([["token", Buffer.from(value)]]),
    at: 1_780_000_000_000,
    size: 100,
    proves(candidate) {
      tried.push(candidate.toString());
      return candidate.toString() === GOOD;
    },
    ...more,
  };
  return { made, tried };
}

test("of a good value nothing is said, and nothing is tried", async () => {
  const { made, tried } = attempt(GOOD);
  assert.equal(await createDiagnosis().tell(made), "");
  assert.deepEqual(tried, []);
});

test("what would have matched is told once a minute for each Secret, the weakness always", async () => {
  const diagnosis = createDiagnosis();
  const weak = " The value of key token ends with a newline.";
  const full = `${weak} The signature matches without the newline at its end.`;
  const { made, tried } = attempt(`${GOOD}\n`);
  assert.equal(await diagnosis.tell(made), full);
  assert.equal(await diagnosis.tell({ ...made, at: made.at + MINUTE - 1 }), weak);
  assert.deepEqual(tried, [GOOD]);
  const other = { ...made, secret: { ...made.secret, name: "other" } };
  assert.equal(await diagnosis.tell(other), full);
  assert.equal(await diagnosis.tell({ ...made, at: made.at + MINUTE }), full);
});

test("a large delivery is not hashed again", async () => {
  const { made, tried } = attempt(`${GOOD}\n`, { size: 1024 * 1024 + 1 });
  assert.equal(await createDiagnosis().tell(made), " The value of key token ends with a newline.");
  assert.deepEqual(tried, []);
});

test("a stranger's signature matches nothing, and a scheme that throws costs only the hint", async () => {
  const weak = " The value of key token ends with a newline and stands in quotes.";
  const stranger = attempt(`"${GOOD}"\n`, { proves: () => false }).made;
  assert.equal(await createDiagnosis().tell(stranger), weak);
  const broken = attempt(`"${GOOD}"\n`, { proves: () => Promise.reject(new Error("no")) }).made;
  assert.equal(await createDiagnosis().tell(broken), weak);
});
