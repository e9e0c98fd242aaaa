/** Weak values are named by their mistake, good ones by nothing, and no finding holds a part of the value. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { Weakness } from "../../src/core/secret-quality.ts";
import {
  nearestKey,
  repairsOf,
  tellWeaknesses,
  WEAKNESS_TEXTS,
  weakKeys,
  weaknessesOf,
} from "../../src/core/secret-quality.ts";

const GOOD = "Zq8-vT3xWm5_rK1pLs9y";
const base64 = (text: string) => Buffer.from(text).toString("base64");

const CASES: readonly [value: string | Buffer, weaknesses: readonly Weakness[]][] = [
  [GOOD, []],
  [`${GOOD}\n`, ["newline"]],
  [`${GOOD}\r\n\n`, ["newline"]],
  [`\ufeff${GOOD}`, ["byte-order-mark"]],
  [Buffer.from(`\ufeff${GOOD}\r\n`, "utf16le"), ["byte-order-mark", "newline"]],
  [` ${GOOD}`, ["spaces"]],
  [`${GOOD} \t`, ["spaces"]],
  [`"${GOOD}"\n`, ["newline", "quotes"]],
  [`'${GOOD}'`, ["quotes"]],
  [base64(GOOD), ["base64"]],
  [`${base64(`${GOOD}\n`)}\n`, ["newline", "base64"]],
  ["", ["empty"]],
  [" \n", ["empty"]],
  ["Zq8-vT3x", ["short"]],
  ["changeme", ["short", "example"]],
  ["an example, not a secret", ["example"]],
  ["<your-webhook-secret>", ["example"]],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder that nobody filled in
  ["${WEBHOOK_SECRET_TOKEN}", ["example"]],
  ["x".repeat(40), ["example"]],
  ["It's a Secret to Everybody", ["example"]],
];

for (const [value, expected] of CASES)
  test(`${JSON.stringify(value.toString())} has ${expected.join(", ") || "no weakness"}`, () => {
    assert.deepEqual(weaknessesOf(Buffer.from(value as string)), expected);
  });

test("what generators make is good: hex, base64, URL-safe base64, raw bytes, words", () => {
  for (let round = 0; round < 2_000; round++) {
    const bytes = randomBytes(16 + (round % 32));
    for (const encoding of ["hex", "base64", "base64url"] as const) {
      const value = Buffer.from(bytes.toString(encoding));
      assert.deepEqual(weaknessesOf(value), [], value.toString());
    }
  }
  assert.deepEqual(weaknessesOf(Buffer.from("correct horse battery staple")), []);
  assert.deepEqual(weaknessesOf(Buffer.from(`whsec_${randomBytes(32).toString("base64")}`)), []);
});

test("a weak value leads back to what was meant, step by step", () => {
  const repaired = (value: string | Buffer) => {
    const repairs = repairsOf(Buffer.from(value as string));
    return repairs.map((repair) => [repair.value.toString(), repair.how]);
  };
  assert.deepEqual(repaired(GOOD), []);
  assert.deepEqual(repaired(`${GOOD}\n`), [[GOOD, "without the newline at its end"]]);
  assert.deepEqual(repaired(Buffer.from(`\ufeff${GOOD}`, "utf16le")), [
    [GOOD, "without its byte order mark"],
  ]);
  assert.deepEqual(repaired(`"${GOOD}"\n`), [
    [`"${GOOD}"`, "without the newline at its end"],
    [GOOD, "without the newline at its end, without its quotes"],
  ]);
  assert.deepEqual(repaired(base64(`${GOOD}\n`)), [[GOOD, "decoded from base64 once more"]]);
  assert.deepEqual(repaired("\n"), []);
  assert.deepEqual(repaired('""'), []);
});

test("a value of a megabyte that is nothing but newlines is looked at in milliseconds", () => {
  const since = performance.now();
  weaknessesOf(Buffer.concat([Buffer.alloc(1024 * 1024, "\n"), Buffer.from("x")]));
  assert.ok(performance.now() - since < 1_000);
});

test("all keys that count are looked at, and no others", () => {
  const data = new Map(
    Object.entries({ token: GOOD, "token.old": `${GOOD}\n`, tokens: "x", other: "" }).map(
      ([key, value]) => [key, Buffer.from(value)] as const,
    ),
  );
  assert.deepEqual(weakKeys(data, "token"), [{ key: "token.old", weaknesses: ["newline"] }]);
  assert.deepEqual(weakKeys(null, "token"), []);
});

test("a key that is not there leads to the one that was meant", () => {
  const data = new Map([["webhook-secret", Buffer.from(GOOD)]]);
  assert.equal(nearestKey(data, "webhooksecret"), "webhook-secret");
  assert.equal(nearestKey(data, "webhook-secret"), undefined);
  assert.equal(nearestKey(data, "unrelated"), "webhook-secret", "there is no other");
  assert.equal(nearestKey(new Map(data).set("ca.crt", Buffer.from("x")), "unrelated"), undefined);
  assert.equal(nearestKey(null, "token"), undefined);
});

test("weaknesses read as a sentence, and tell neither value nor length", () => {
  assert.equal(tellWeaknesses(["newline"]), "ends with a newline");
  assert.equal(
    tellWeaknesses(["newline", "quotes", "short"]),
    "ends with a newline, stands in quotes and is shorter than 16 bytes",
  );
  for (const text of Object.values(WEAKNESS_TEXTS)) assert.doesNotMatch(text, /\{/);
});
