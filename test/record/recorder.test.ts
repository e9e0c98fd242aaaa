/** A listener of facts can break nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fact } from "../../src/core/fact.ts";
import { createRecorder } from "../../src/record/recorder.ts";
import { accepted } from "./facts.ts";

const broken = {
  tell() {
    throw new Error("disk full");
  },
};

test("both listeners hear every fact", () => {
  const heard: string[] = [];
  const listener = (name: string) => ({ tell: (fact: Fact) => heard.push(`${name} ${fact.type}`) });
  createRecorder({ logger: listener("log"), metrics: listener("metrics") })(accepted);
  assert.deepEqual(heard.sort(), ["log delivery.accepted", "metrics delivery.accepted"]);
});

test("when one listener throws, the other still hears the fact and is told of the defect", () => {
  for (const [which, where] of [
    ["logger", "record/log"],
    ["metrics", "record/metrics"],
  ] as const) {
    const heard: Fact[] = [];
    const well = { tell: (fact: Fact) => heard.push(fact) };
    createRecorder({ logger: well, metrics: well, [which]: broken })(accepted);
    assert.ok(heard.includes(accepted));
    const defect = heard.find((fact) => fact.type === "defect");
    assert.equal(defect?.where, where);
    assert.match(defect?.error.message ?? "", /disk full/);
  }
});

test("when both throw, the caller still does not notice", () => {
  createRecorder({ logger: broken, metrics: broken })(accepted);
});
