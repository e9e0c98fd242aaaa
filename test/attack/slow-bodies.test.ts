/** Unfinished requests: as many as fill the memory for bodies keep nobody out, and are cut off soon. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { temporaryFolder } from "../helpers/folder.ts";
import { type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { hang } from "../helpers/hanging.ts";
import { writeOpenListeners } from "../helpers/open-listener.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";

const MB = 1_000_000;
const folder = temporaryFolder("sluice-attack-");
let redis: RedisServer;
let gateway: GatewayProcess;

before(async () => {
  redis = await startRedis();
  gateway = await startGateway([
    ...["--config", writeOpenListeners(folder.path), "--store", redis.url],
    ...["--create", `directory:${join(folder.path, "runs")}`, "--max-body-unproved", "25MB"],
    ...["--max-in-flight", "64MB"],
  ]);
});
after(async () => {
  await gateway.stop();
  await redis[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Sends small deliveries, one after another, to both listeners. @returns the statuses that came. */
async function legitimate(count: number): Promise<ReadonlySet<number>> {
  const statuses = new Set<number>();
  for (let i = 0; i < count; i++) {
    const body = JSON.stringify({ n: i, text: "x".repeat(20_000) });
    const path = i % 2 === 0 ? "open" : "other";
    const response = await fetch(`${gateway.url}/default/${path}`, { method: "POST", body });
    await response.arrayBuffer();
    statuses.add(response.status);
  }
  return statuses;
}

// Together they leave less of 64 MiB than a legitimate delivery takes.
const ONE = ["127.0.0.1"];
const MANY = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7"];
for (const [count, sent, from, where] of [
  [14, 4_793_000, ONE, "one address"],
  [14, 4_793_000, MANY, "six addresses"],
  [200, 335_500, ONE, "one address"],
  [200, 335_500, MANY, "six addresses"],
] as const) {
  test(`${count} unfinished requests from ${where} keep no small delivery out`, async () => {
    await using hanging = await hang({
      ...{ url: gateway.url, path: "/default/open", announced: 24 * MB },
      ...{ count, sent, from },
    });
    assert.deepEqual(await legitimate(20), new Set([202]));
    hanging.trickle();
    assert.deepEqual(await legitimate(20), new Set([202]));
  });
}

test("small unfinished requests, as many as fill the memory, keep no small delivery out", async () => {
  await using hanging = await hang({
    ...{ url: gateway.url, path: "/default/open", announced: 240_000 },
    ...{ count: 320, sent: 209_700, from: MANY },
  });
  assert.deepEqual(await legitimate(20), new Set([202]));
  for (const status of hanging.statuses()) assert.ok(status === 503 || status === 408, String(status));
});

test("a body that comes too slowly is cut off with 408 in our shape, and counted", async () => {
  await using hanging = await hang({
    ...{ url: gateway.url, path: "/default/open", announced: 1_000 },
    ...{ count: 3, sent: 10, from: ONE },
  });
  await hanging.ended;
  assert.deepEqual(hanging.statuses(), [408, 408, 408]);
  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text();
  assert.match(metrics, /sluice_deliveries_refused_total\{code="SLUICE_SENDER_SLOW"\} [1-9]/);
});

test("headers that never end are cut off with 408 in our shape", async () => {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.write("POST /default/open HTTP/1.1\r\nHost: x\r\nX-Slow: ");
  let answer = "";
  for await (const part of socket) answer += String(part);
  assert.match(answer, /^HTTP\/1\.1 408 [\s\S]*"code":"SLUICE_SENDER_SLOW"/);
});
