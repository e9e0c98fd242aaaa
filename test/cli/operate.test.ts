/** The verbs of operators, on a gateway that runs and on a store that nobody has open. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Batch } from "../../src/admin/batch.ts";
import { createConsole } from "../../src/cli/console.ts";
import { keepLocalToken, localTokenFile } from "../../src/config/local-token.ts";
import type { DeadGroup, DeliverySummary, Page } from "../../src/core/ledger.ts";
import type { Gateway } from "../../src/main.ts";
import { openStore } from "../../src/storage/open.ts";
import { cel, trigger } from "../helpers/objects.ts";
import { type Outcome, runWith, sluice } from "./helper.ts";
import { openRunning, type Running } from "./running.ts";
import { type Answers, sluiceOnTerminal } from "./terminal.ts";

const TOKEN = "an-example-0123456789";
/** Two deliveries make runs, one matches nothing, two cannot be decided. */
const BODIES = ['{"ref":"main"}', '{"ref":"dev"}', '{"ref":"x","skip":true}', "{}", "{}"];

describe("an operator", () => {
  let running: Running;
  let gateway: Gateway;
  let where: readonly string[];
  const env = { USER: "ann", SLUICE_ADMIN_TOKEN: TOKEN };
  before(async () => {
    const triggers = [trigger("build", [cel("!has(body.skip)")])];
    running = await openRunning({ triggers, adminToken: TOKEN, bodies: BODIES, made: 2 });
    gateway = running.gateway;
    where = ["--store", running.redis.url, "--gateway", gateway.admin];
  });
  after(() => running[Symbol.asyncDispose]());

  const run = (...args: readonly string[]) => sluice([...args, ...where], env);
  async function good(...args: readonly string[]): Promise<Outcome<unknown>> {
    const outcome = await run(...args);
    assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
    return outcome;
  }
  const json = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse((await good(...args, "-o", "json")).stdout) as T;
  const onTerminal = (answers: Answers, ...args: readonly string[]) =>
    sluiceOnTerminal([...args, ...where], env, answers);
  const idOf = async (outcome: string): Promise<string> =>
    (await json<Page<DeliverySummary>>("deliveries", "list", "--outcome", outcome)).items[0]?.id ?? "";

  test("counts, exports and follows deliveries, and reads their bodies", async () => {
    assert.equal((await good("deliveries", "count", "--outcome", "created")).stdout, "2\n");
    const exported = (await good("deliveries", "export", "--since", "1h")).stdout.trimEnd().split("\n");
    assert.equal(exported.length, BODIES.length);
    const full = (await good("deliveries", "export", "--outcome", "filtered", "--full")).stdout;
    assert.equal((JSON.parse(full) as { decisions: unknown[] }).decisions.length, 1);
    for (const most of [2, 201]) {
      const few = (await good("deliveries", "export", "--limit", String(most))).stdout.trimEnd().split("\n");
      assert.equal(few.length, Math.min(most, BODIES.length));
    }
    const lines = (await good("deliveries", "tail")).stdout.trimEnd().split("\n");
    assert.equal(lines.length, BODIES.length);
    assert.match(lines[0] ?? "", /created/, "oldest first");
    assert.equal(
      (await good("deliveries", "payload", await idOf("filtered"))).stdout,
      '{"ref":"x","skip":true}',
    );
  });

  /** What following prints: when `before` lines are shown another delivery comes, and when that is shown it is stopped. */
  async function followed(before: number, ...args: readonly string[]): Promise<readonly DeliverySummary[]> {
    const stop = Promise.withResolvers<string>();
    const said = { stdout: "", stderr: "" };
    const write = (text: string | Uint8Array): boolean => {
      said.stdout += text;
      const seen = said.stdout.split("\n").length - 1;
      if (seen === before) running.send('{"skip":true}').catch(stop.reject);
      if (seen > before) stop.resolve("SIGINT");
      return true;
    };
    const stream = { isTTY: false, write };
    const console = createConsole({ stdout: stream, stderr: stream }, false);
    const verb = ["deliveries", "tail", "-f", "-o", "json", ...args, ...where];
    const { code, stdout } = await runWith(console, said, verb, env, stop.promise);
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line) as DeliverySummary);
  }

  test("follows what comes until stopped", async () => {
    const shown = await followed(BODIES.length);
    assert.equal(new Set(shown.map(({ id }) => id)).size, BODIES.length + 1);
  });

  test("following shows the latest he asked for, and none that is older after them", async () => {
    const times = (await followed(2, "--limit", "2")).map(({ receivedAt }) => receivedAt);
    assert.equal(times.length, 3);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });

  test("is told how many runs a replay starts, and nothing is done unless he says yes", async () => {
    const before = await json<{ count: number }>("deliveries", "count");
    const no = await onTerminal(["n"], "replay", "--outcome", "created");
    assert.equal(no.code, 1);
    assert.match(no.stderr, /this will decide 2 deliveries again and start 2 runs.*Go on\? \[y\/N\]/);
    assert.deepEqual(await json("deliveries", "count"), before);
    const yes = await onTerminal(
      ["y"],
      "replay",
      "--outcome",
      "created",
      "--reason",
      "outage",
      "--rate",
      "100",
    );
    assert.equal(yes.code, 0, yes.stderr);
    assert.match(yes.stdout, /2 replayed of 2/);
    const made = await json<Page<DeliverySummary>>("deliveries", "list", "--limit", "1");
    assert.deepEqual(made.items[0]?.note, { actor: "ann (admin)", reason: "outage" });
  });

  test("in a pipe is asked for --yes; then progress is plain lines", async () => {
    const mute = await run("replay", "--outcome", "created");
    assert.equal(mute.code, 2);
    assert.match(mute.stderr, /say --yes/);
    const done = await good("replay", "--outcome", "created", "--yes", "--rate", "4");
    assert.match(done.stderr, /^1 of 2$/m);
    assert.match(done.stdout, /^2 replayed of 2 \(replay [0-9a-f-]{36}\)$/m);
    assert.equal(done.stdout.includes("\u001b"), false);
  });

  test("sees what a replay would change without changing anything", async () => {
    assert.equal((await good("replay", "--outcome", "created", "--count")).stdout, "2\n");
    const seen = await good("replay", "--outcome", "created", "--dry-run");
    assert.match(seen.stderr, /0 would be decided otherwise/);
    const id = await idOf("filtered");
    const batch = await json<Batch>("replay", id, "--dry-run", "--only-trigger", "build");
    assert.deepEqual([batch.mode, batch.total, batch.different], ["dry-run", 1, 0]);
    const wrong = await run("replay", id, "--only-trigger", "nope");
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /has no trigger nope.*\n.*ci\/build/);
  });

  test("goes on with what was interrupted, and with nothing else", async () => {
    const done = await json<Batch>("replay", "--listener", "nobody", "--yes");
    const again = await run("replay", "--resume", done.id, "--reason", "go on");
    assert.equal(again.code, 1);
    assert.match(again.stderr, /is done, so it cannot be resumed.*SLUICE_BATCH_STATE/s);
    const unknown = await run("replay", "--resume", "../x");
    assert.match(unknown.stderr, /SLUICE_/);
  });

  test("finds dead letters by cause, and puts them away with a reason", async () => {
    const { items } = await json<{ items: DeadGroup[] }>("dead");
    const [group = assert.fail("no dead letters")] = items;
    assert.equal(group.count, 2);
    assert.match((await good("dead")).stdout, /FINGERPRINT +COUNT[\s\S]* 2 .*SLUICE_PATH_MISSING/);
    assert.equal((await json<Page<DeliverySummary>>("dead", "show", group.fingerprint)).items.length, 2);
    const retried = await run("dead", "retry", group.fingerprint, "--yes");
    assert.equal(retried.code, 1, "none of them has a job to try again");
    assert.match(retried.stdout, /0 tried again, 2 skipped of 2/);
    const dropped = await onTerminal(["y"], "dead", "drop", group.fingerprint, "--reason", "tests");
    assert.match(dropped.stderr, /this will put 2 dead letters away/);
    assert.match(dropped.stdout, /2 dropped of 2/);
    assert.equal((await good("dead")).stderr, "no dead letters\n");
    const shown = await good("deliveries", "show", await idOf("dead"));
    assert.match(shown.stdout, /dropped +\S+ by ann \(admin\): tests/);
  });

  test("pauses the queue for a reason, sees who did, and resumes it", async () => {
    await good("queue", "pause", "--reason", "upgrade");
    assert.match((await good("queue")).stdout, /paused since .* by ann \(admin\): upgrade/);
    assert.match((await good("queue", "resume")).stdout, /working/);
    const acts = (await good("acts")).stdout;
    for (const verb of ["resume", "pause", "drop", "replay", "payload"]) assert.ok(acts.includes(verb), verb);
  });

  test("without a token sees nothing of a gateway that names one; the cure is said", async () => {
    const bare = { USER: "eve", XDG_STATE_HOME: running.folder };
    const looked = await sluice(["deliveries", ...where], bare);
    assert.equal(looked.code, 1);
    assert.match(looked.stderr, /wants a token that allows view.*\n.*SLUICE_ADMIN_TOKEN/);
    for (const args of [
      ["queue", "pause"],
      ["replay", await idOf("created")],
    ]) {
      const { code, stderr } = await sluice([...args, ...where], bare);
      assert.equal(code, 1);
      assert.match(stderr, /wants a token that allows operate.*\n.*SLUICE_ADMIN_TOKEN/);
    }
  });

  test("with a token of another gateway on this machine is told which is meant", async () => {
    const stale = { USER: "eve", XDG_STATE_HOME: join(running.folder, "state") };
    keepLocalToken(localTokenFile({ store: "redis://any" }, stale));
    const { code, stderr } = await sluice(["queue", "pause", ...where], stale);
    assert.equal(code, 1);
    assert.match(stderr, /wants a token that allows operate: this user's own token is not known there/);
    const named = { ...stale, SLUICE_ADMIN_TOKEN: `${TOKEN}-wrong` };
    assert.equal((await sluice(["queue", ...where], named)).code, 1, "a token that was named is no guess");
  });

  test("needs no gateway for what the store alone can do", async () => {
    const there = ["--store", running.redis.url];
    const paused = await sluice(["queue", "pause", ...there, "-o", "json"], { USER: "ann" });
    assert.equal((JSON.parse(paused.stdout) as { note: { actor: string } }).note.actor, "ann (owner)");
    assert.equal((await sluice(["queue", "resume", ...there])).code, 0);
    const store = await openStore(running.redis.url);
    assert.equal((await store.queue.state()).paused, false);
    await store.close();
  });
});
