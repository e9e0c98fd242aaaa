/** What the log writes of each fact. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fault } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/fact.ts";
import type { LogOptions } from "../../src/record/log.ts";
import { createLog } from "../../src/record/log.ts";
import { accepted, attempted, attemptedAs, decided, everyFact, refused } from "./facts.ts";

function written(facts: readonly Fact[], options: Partial<LogOptions> = {}): string[] {
  const lines: string[] = [];
  const sink = { write: (line: string) => lines.push(line) };
  const log = createLog({ level: "info", format: "json", sink, ...options });
  for (const fact of facts) log.tell(fact);
  return lines;
}

function parsed(fact: Fact, options: Partial<LogOptions> = {}): Record<string, unknown> {
  const [line, ...more] = written([fact], options);
  assert.equal(more.length, 0);
  return JSON.parse(line as string) as Record<string, unknown>;
}

test("an accepted delivery is one wide line", () => {
  const { time, ...line } = parsed(accepted);
  assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual(line, {
    level: "info",
    fact: "delivery.accepted",
    delivery: "d1",
    listener: "ci/git",
    provider: "github",
    event: "pull_request.opened",
    outcome: "pending",
    matched: 1,
    bytes: 345,
    took: 4.32,
    msg: "github pull_request.opened: pending",
  });
});

test("an attempt is one line with its runs; its level tells how it went", () => {
  const line = parsed(attempted);
  assert.equal(line["level"], "info");
  assert.deepEqual(line["runs"], ["PipelineRun ci/run-1"]);
  assert.equal(line["trigger"], "ci/pr");
  assert.equal(parsed(attemptedAs({ outcome: "retry", nextAt: 5, runs: [] }))["level"], "warn");
  const dead = parsed(
    attemptedAs({ outcome: "dead", code: "SLUICE_CREATE_REFUSED", reason: "bad", runs: [] }),
  );
  assert.deepEqual([dead["level"], dead["code"]], ["error", "SLUICE_CREATE_REFUSED"]);
  assert.equal(dead["msg"], "ci/pr attempt 1: dead: bad");
});

test("an attempt of a trigger without a name tells its place", () => {
  const shown = "ci/git: spec.triggers[1] (unnamed)";
  const job = { ...attempted.job, trigger: { namespace: "ci", name: "" }, shown };
  const line = parsed({ ...attempted, job });
  assert.equal(line["trigger"], shown);
  assert.ok(String(line["msg"]).startsWith(`${shown} attempt 1: done`));
});

test("decisions and single runs are written at debug only", () => {
  assert.deepEqual(written([decided]), []);
  assert.equal(parsed(decided, { level: "debug" })["result"], "matched");
  assert.equal(written(everyFact).length, everyFact.length - 4);
  assert.equal(written(everyFact, { level: "debug" }).length, everyFact.length);
});

test("a refusal warns, except where a stranger only looked for a path that is not there", () => {
  assert.equal(parsed(refused)["level"], "warn");
  assert.equal(parsed({ ...refused, status: 404, code: "SLUICE_LISTENER_UNKNOWN" })["level"], "info");
});

test("faults of the catalog are written with file and line", () => {
  const broken = everyFact.find(({ type }) => type === "catalog.broken") as Fact;
  assert.deepEqual(parsed(broken)["faults"], [
    { code: "SLUICE_OBJECT_INVALID", message: "spec.triggers: is no list", at: "a.yaml:3:5" },
  ]);
});

test("a catalog in force warns of what in it cannot be used", () => {
  const loaded = { type: "catalog.loaded", objects: 2, listeners: 1, triggers: 1, took: 5 } as const;
  assert.deepEqual([parsed(loaded)["level"], parsed(loaded)["faults"]], ["info", undefined]);
  const what = "Trigger ci/build";
  const faults = [fault("SLUICE_OBJECT_UNUSABLE", { what, reason: "spec.bindings must be a list" })];
  const { level, msg, faults: told } = parsed({ ...loaded, faults });
  assert.deepEqual([level, msg], ["warn", "catalog in force: 1 listeners, 1 triggers, 1 faults"]);
  assert.match(JSON.stringify(told), /Trigger ci\/build cannot be used: spec.bindings must be a list/);
});

test("what strangers wrote can neither break a line, nor drive a terminal, nor fill the log", () => {
  for (const format of ["json", "pretty"] as const) {
    const event = "push\n{}\u001b[2J\u009b31m\u202e";
    const [line] = written([{ ...accepted, event }], { format });
    assert.equal(line?.trimEnd().split("\n").length, 1);
    assert.doesNotMatch(line as string, /[^\P{Cc}\n]|\u202e/u);
    const [long] = written([{ ...refused, reason: "x".repeat(1_000_000) }], { format });
    assert.ok((long as string).length < 3_000);
  }
});

test("pretty lines are for people: time, level, message", () => {
  const [line] = written([accepted], { format: "pretty" });
  assert.match(
    line as string,
    /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: github pull_request\.opened: pending \{.*"matched":1.*\}\n$/,
  );
  const [colored] = written([accepted], { format: "pretty", color: true });
  assert.ok(colored?.includes("\u001b[32m"));
});

test("lines told just before the process exits are not lost", async () => {
  const log = join(import.meta.dirname, "../../src/record/log.ts");
  const script = `
    const { createLog } = await import(${JSON.stringify(log)});
    const log = createLog({ level: "info", format: "auto" });
    for (let i = 0; i < 5000; i++) log.tell({ type: "store.away", reason: "n" + i });
    process.exit(3);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  assert.equal(code, 3);
  const lines = output.trimEnd().split("\n");
  assert.equal(lines.length, 5_000);
  assert.match(lines.at(-1) as string, /n4999/);
});
