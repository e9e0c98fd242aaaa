/** Replays of many on the command line: named, listed, ended and gone on with, from wherever the store is reached. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Batch } from "../../src/admin/batch.ts";
import { createConsole } from "../../src/cli/console.ts";
import type { DeliverySummary, Page } from "../../src/core/ledger.ts";
import { trigger } from "../helpers/objects.ts";
import { runWith, sluice } from "./helper.ts";
import { openRunning, type Running } from "./running.ts";

const env = { USER: "ann", SLUICE_ADMIN_TOKEN: "an-example-0123456789" };

describe("a replay of many", () => {
  let running: Running;
  before(async () => {
    running = await openRunning({
      ...{ triggers: [trigger("build")], adminToken: env.SLUICE_ADMIN_TOKEN },
      ...{ bodies: ['{"ref":"main"}', '{"ref":"dev"}'], made: 2 },
    });
  });
  after(() => running[Symbol.asyncDispose]());

  const there = () => ["--store", running.redis.url, "--gateway", running.gateway.admin];
  /** Replays both, the second ten seconds after the first; `half` resolves with its id when one of the two is done. */
  function slowly(stop?: Promise<string>) {
    const half = Promise.withResolvers<string>();
    const said = { stdout: "", stderr: "" };
    const stream = (name: keyof typeof said) => ({
      isTTY: false,
      write(text: string | Uint8Array) {
        said[name] += text;
        const id = /^replay (\S+) begins\n1 of 2$/m.exec(said.stderr)?.[1];
        if (id !== undefined) half.resolve(id);
        return true;
      },
    });
    const console = createConsole({ stdout: stream("stdout"), stderr: stream("stderr") }, false);
    const args = ["replay", "--since", "1h", "--yes", "--rate", "0.1", ...there()];
    const ended = runWith(console, said, args, env, stop);
    return { half: half.promise, ended: ended.then(({ code }) => ({ code, ...said })) };
  }

  test("that is stopped half way says its name, stands in the list, and is gone on with", async () => {
    const { promise: stop, resolve } = Promise.withResolvers<string>();
    const { half, ended } = slowly(stop);
    const id = await half;
    resolve("SIGINT");
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`^1 replayed of 2; cancelled \\(replay ${id}\\)$`, "m"));
    assert.match(stderr, new RegExp(`^sluice replay --resume ${id} goes on with it$`, "m"));
    const listed = await sluice(["replay", "--list", ...there()], env);
    assert.match(listed.stdout, new RegExp(`^${id} .* cancelled +1 of 2 +ann`, "m"));
    const over = await sluice(["replay", "--resume", id, "--outcome", "created", ...there()], env);
    assert.deepEqual([over.code, /stands alone/.test(over.stderr)], [2, true]);

    const resumed = await sluice(["replay", "--resume", id, ...there()], env);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stderr, new RegExp(`^replay ${id} goes on$`, "m"));
    assert.match(resumed.stdout, new RegExp(`^2 replayed of 2 \\(replay ${id}\\)$`, "m"));
    const all = await sluice(["deliveries", "list", "-o", "json", ...there()], env);
    const { items } = JSON.parse(all.stdout) as Page<DeliverySummary>;
    const origins = items.flatMap(({ replayOf }) => replayOf ?? []);
    assert.deepEqual([origins.length, new Set(origins).size], [2, 2], "each is replayed once");
  });

  test("is ended from the store alone, whichever gateway works on it", async () => {
    const { half, ended } = slowly();
    const id = await half;
    const store = ["--store", running.redis.url];
    const cancelled = await sluice(["replay", "--cancel", id, ...store], { USER: "ann" });
    assert.deepEqual([cancelled.code, cancelled.stdout], [0, `replay ${id} is cancelled: 1 of 2\n`]);
    assert.match((await ended).stdout, /^1 replayed of 2; cancelled/m);
    const listed = await sluice(["replay", "--list", ...store, "-o", "json"]);
    const [latest] = (JSON.parse(listed.stdout) as { items: readonly Batch[] }).items;
    assert.deepEqual([latest?.id, latest?.state], [id, "cancelled"]);
    const again = await sluice(["replay", "--cancel", id, ...store]);
    assert.deepEqual([again.code, /is cancelled/.test(again.stdout)], [0, true]);
    const unknown = await sluice(["replay", "--cancel", "nope", ...store]);
    assert.deepEqual([unknown.code, /SLUICE_BATCH_UNKNOWN/.test(unknown.stderr)], [1, true]);
  });

  test("whose gateway is lost says where to look for it", async () => {
    const { half, ended } = slowly();
    const id = await half;
    await running.gateway.stop("it goes away");
    const { code, stdout, stderr } = await ended;
    // It may be seen interrupted before the gateway is gone; both lead there.
    if (code === 3) assert.match(stderr, /sluice replay --list shows it\n/);
    else assert.match(stdout + stderr, new RegExp(`interrupted.*${id}[^]*--resume ${id}`));
    const listed = await sluice(["replay", "--list", "--store", running.redis.url]);
    assert.match(listed.stdout, new RegExp(`^${id} .* interrupted`, "m"));
  });
});
