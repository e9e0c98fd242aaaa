/** A gateway whose Redis loses what was acknowledged: it finds that by itself, and its audit says so. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Redis } from "ioredis";
import { loadSettings } from "../src/config/load.ts";
import type { AuditReport } from "../src/core/acknowledged.ts";
import { type Gateway, startGateway } from "../src/main.ts";
import { sluice } from "./cli/helper.ts";
import { listen, yamlOf } from "./helpers/flows.ts";
import { temporaryFolder } from "./helpers/folder.ts";
import { signature, signed, trigger } from "./helpers/objects.ts";
import { type RedisServer, startRedis } from "./helpers/redis.ts";

const TOKEN = "an-example-token-of-no-worth-at-all-0000000";

describe("a gateway on a Redis that forgets", () => {
  const opened = new AsyncDisposableStack();
  const ear = listen();
  let redis: RedisServer;
  let gateway: Gateway;
  before(async () => {
    const folder = opened.use(temporaryFolder());
    // Nothing is kept over a restart.
    redis = opened.use(await startRedis({ settings: () => ({ appendonly: "no" }) }));
    const objects = join(folder.path, "objects.yaml");
    writeFileSync(objects, yamlOf(signed(trigger("build"))));
    const flags = {
      ...{ config: [objects], create: `directory:${join(folder.path, "runs")}`, store: redis.url },
      ...{ listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: TOKEN, durability: "relaxed" },
    };
    gateway = await startGateway(loadSettings({ flags }), { color: false, log: false, listener: ear.tell });
    opened.defer(() => gateway.stop("the test is over"));
  });
  after(() => opened.disposeAsync());

  const send = async (body: string): Promise<string> => {
    const headers = { "content-type": "application/json", "x-hub-signature-256": signature("s3cret", body) };
    const answer = await fetch(`${gateway.listen}/ci/git`, { method: "POST", body, headers });
    assert.equal(answer.status, 202);
    return ((await answer.json()) as { eventID: string }).eventID;
  };
  const audit = (...args: readonly string[]) =>
    sluice(["audit", ...args, "-o", "json"], { SLUICE_ADMIN_TOKEN: TOKEN });
  const forgot = () => ear.facts.filter(({ type }) => type === "store.forgot");

  test("finds it when the server is back, tells the first and the last, and the audit holds no more", async () => {
    const ids = [await send('{"ref":"1"}'), await send('{"ref":"2"}'), await send('{"ref":"3"}')];
    await ear.heard(() => ear.facts.filter(({ type }) => type === "run.created").length === 3);
    const good = await audit("--gateway", gateway.admin);
    assert.equal(good.code, 0, good.stdout + good.stderr);
    assert.equal((JSON.parse(good.stdout) as AuditReport).acknowledged?.count, 3);

    await redis.restart();
    await ear.heard(() => forgot().length === 1);
    assert.deepEqual(forgot(), [{ type: "store.forgot", count: 3, first: ids[0], last: ids[2], looked: 3 }]);
    const { code, stdout } = await audit("--gateway", gateway.admin);
    const { violations, acknowledged } = JSON.parse(stdout) as AuditReport;
    assert.equal(code, 1);
    assert.equal(acknowledged?.forgotten?.count, 3);
    assert.match(
      violations.join(),
      new RegExp(`3 deliveries .* not in the ledger any more: from ${ids[0]} to`),
    );
  });

  test("finds it when it is asked, though the server never was away; the store alone shows nothing", async () => {
    const id = await send('{"ref":"4"}');
    await ear.heard(() => ear.facts.some((fact) => fact.type === "run.created" && fact.job.delivery === id));
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    const alone = await audit("--store", redis.url);
    assert.equal(alone.code, 0);
    const { unknown } = JSON.parse(alone.stdout) as { unknown: readonly string[] };
    assert.match(unknown.join(), /no gateway was asked: what the store itself forgot cannot be seen/);
    const { code, stdout } = await audit("--gateway", gateway.admin, "--gateway", gateway.admin);
    assert.equal(code, 1);
    assert.equal((JSON.parse(stdout) as AuditReport).acknowledged?.forgotten?.count, 4);
    assert.equal(forgot().length, 2);
  });
});
