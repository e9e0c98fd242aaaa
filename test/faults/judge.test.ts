/** The judge can fail: each planted loss, double and stranger is found, and what is right passes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Evidence, Made } from "./judge.ts";
import { judge } from "./judge.ts";

const TRIGGERS = ["build", "scan"];

const made = (delivery: string, trigger: string, event = `event-${delivery}`): Made => ({
  name: `${trigger}-${delivery}`,
  delivery,
  event,
  trigger,
});
const both = (delivery: string): Made[] => TRIGGERS.map((trigger) => made(delivery, trigger));

/** Two accepted deliveries, one whose answer was lost, one that never arrived. */
const sound = {
  triggers: TRIGGERS,
  sent: [
    { delivery: "a", event: "event-a" },
    { delivery: "b", event: "event-b" },
    { delivery: "c", event: undefined },
    { delivery: "d", event: undefined },
  ],
  objects: [...both("a"), ...both("b"), ...both("c")],
  audit: {
    ...{ accepted: 3, created: 3, filtered: 0, duplicate: 0, dead: 0, pending: 0, runs: 6 },
    ...{ pendingJobs: [], violations: [] },
  },
} satisfies Evidence;

test("what is right passes", () => {
  const verdict = { accepted: 2, unanswered: 1, lost: 0, twice: 0, strangers: 0, faults: [] };
  assert.deepEqual(judge(sound), verdict);
});

test("a lost object is found, though the audit says that it was created", () => {
  const objects = sound.objects.filter(({ name }) => name !== "scan-b");
  const verdict = judge({ ...sound, objects });
  assert.equal(verdict.lost, 1);
  assert.deepEqual(verdict.faults, ["lost: b has no object of scan", "audit: runs is 6, expected 5"]);
});

test("a delivery all of whose objects are lost is found", () => {
  const verdict = judge({ ...sound, objects: [...both("a"), ...both("c")] });
  assert.equal(verdict.lost, 2);
  assert.ok(verdict.faults.includes("audit: created is 3, expected 2"));
});

test("a delivery that nobody was told of has all of its objects or none", () => {
  const verdict = judge({ ...sound, objects: [...sound.objects, made("d", "build")] });
  assert.equal(verdict.unanswered, 2);
  assert.ok(verdict.faults.includes("lost: d has no object of scan"));
});

test("an object that exists twice is found", () => {
  const double = { ...made("a", "build"), name: "build-a-again" };
  const verdict = judge({ ...sound, objects: [...sound.objects, double] });
  assert.equal(verdict.twice, 1);
  assert.ok(verdict.faults.includes("twice: a has 2 objects of build"));
});

test("a delivery that ran under two event ids is found", () => {
  const again = TRIGGERS.map((trigger) => ({ ...made("a", trigger, "event-2"), name: `${trigger}-2` }));
  const verdict = judge({ ...sound, objects: [...sound.objects, ...again] });
  assert.equal(verdict.strangers, 2);
  assert.ok(verdict.faults.includes("stranger: build-2 has event event-2, a was answered event-a"));
});

test("objects under another event id than the answer's do not count", () => {
  const objects = [...both("a"), ...both("c"), ...TRIGGERS.map((trigger) => made("b", trigger, "other"))];
  const verdict = judge({ ...sound, objects });
  assert.deepEqual([verdict.lost, verdict.strangers], [2, 2]);
});

test("an object of a delivery that nobody sent is found", () => {
  const verdict = judge({ ...sound, objects: [...sound.objects, ...both("x")] });
  assert.equal(verdict.strangers, 2);
  assert.ok(verdict.faults.includes("stranger: build-x is of x, which nobody sent"));
});

test("an object of the filtered trigger is found", () => {
  const verdict = judge({ ...sound, objects: [...sound.objects, made("a", "release")] });
  assert.ok(verdict.faults.includes("stranger: release-a was made by release"));
});

test("two objects of one name are found", () => {
  const objects = sound.objects.map((object) => ({
    ...object,
    name: object.name.replace("scan-b", "scan-a"),
  }));
  assert.deepEqual(judge({ ...sound, objects }).faults, ["6 objects have 5 names"]);
});

test("one delivery id that was answered with two event ids is found", () => {
  const verdict = judge({ ...sound, sent: [...sound.sent, { delivery: "a", event: "event-9" }] });
  assert.deepEqual(verdict.faults, ["a was answered with 2 event ids"]);
});

for (const [what, change] of Object.entries({
  pending: { pending: 1 },
  pendingJobs: { pendingJobs: ["job"] },
  dead: { dead: 1 },
  filtered: { filtered: 1 },
  created: { created: 2, accepted: 2 },
  accepted: { accepted: 4 },
  runs: { runs: 5 },
  "counted as created": { violations: ["3 deliveries were counted as created, but 2 records are"] },
})) {
  test(`an audit that disagrees is found: ${what}`, () => {
    const { faults } = judge({ ...sound, audit: { ...sound.audit, ...change } });
    assert.equal(faults.length, 1);
    assert.match(faults[0] ?? "", new RegExp(`^audit: .*${what}`));
  });
}

test("of many faults of one kind five are told, and how many more there are", () => {
  const objects = Array.from({ length: 8 }, (_, index) => ({
    ...made("x", "build"),
    name: `stranger-${index}`,
  }));
  const { faults } = judge({ ...sound, objects: [...sound.objects, ...objects] });
  assert.equal(faults.filter((fault) => fault.startsWith("stranger: ")).length, 6);
  assert.ok(faults.includes("stranger: and 3 more"));
});
