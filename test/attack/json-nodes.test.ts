/** Bodies that weigh little and cost much: a gateway with a heap of 512 MB refuses them and goes on taking others. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { temporaryFolder } from "../helpers/folder.ts";
import { type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { SHAPES } from "../helpers/json-shapes.ts";
import { writeOpenListeners } from "../helpers/open-listener.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";

const MB = 1_000_000;
const folder = temporaryFolder("sluice-attack-");
let redis: RedisServer;
let gateway: GatewayProcess;

before(async () => {
  redis = await startRedis();
  process.env["NODE_OPTIONS"] = "--max-old-space-size=512";
  gateway = await startGateway([
    ...["--config", writeOpenListeners(folder.path), "--store", redis.url],
    ...["--create", `directory:${join(folder.path, "runs")}`, "--max-body-unproved", "25MB"],
  ]);
  delete process.env["NODE_OPTIONS"];
});
after(async () => {
  await gateway.stop();
  await redis[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function post(body: Buffer | string): Promise<string> {
  const response = await fetch(`${gateway.url}/default/open`, { method: "POST", body });
  const { code = "" } = (await response.json()) as { code?: string };
  return `${response.status} ${code}`.trim();
}

function shape(name: string, bytes: number): Buffer {
  return SHAPES[name]?.(bytes) ?? assert.fail(`no shape ${name}`);
}

test("25 MB of empty objects, six at once, are refused with a code, and nothing of them is stored", async () => {
  const body = shape("empty objects", 24 * MB);
  const answers = await Promise.all(Array.from({ length: 6 }, () => post(body)));
  assert.deepEqual(new Set(answers), new Set(["413 SLUICE_BODY_VALUES"]));
  assert.equal(await post('{"go":true}'), "202");
  const { accepted } = await gateway.audit();
  assert.equal(accepted, 1);
});

test("every shape of 4 MB is answered, and the gateway lives", async () => {
  const allowed = new Set(["202", "400 SLUICE_BODY_NOT_JSON", "413 SLUICE_BODY_VALUES"]);
  for (const name of Object.keys(SHAPES)) {
    const answer = await post(shape(name, 4 * MB));
    assert.ok(allowed.has(answer), `${name}: ${answer}`);
  }
  assert.equal(gateway.child.exitCode, null);
  assert.equal(await post('{"go":true}'), "202");
});

test("a push of 25 MB, full of the names of files, is taken", async () => {
  const names = Array.from({ length: 200 }, (_, i) => `packages/module-${i}/src/component.ts`);
  const commit = { id: "0".repeat(40), message: "a commit", added: names, removed: [], modified: names };
  const commits = Array.from({ length: 1_500 }, () => commit);
  const body = JSON.stringify({ ref: "refs/heads/main", go: true, commits });
  assert.ok(body.length > 20 * MB && body.length < 25 * MB, String(body.length));
  assert.equal(await post(body), "202");
});

test("a body in chunks of one byte takes no more memory than others", async () => {
  const body = JSON.stringify({ go: true, text: "x".repeat(2 * MB) });
  const { hostname, port } = new URL(gateway.url);
  const { connect } = await import("node:net");
  const socket = connect(Number(port), hostname);
  socket.write(
    "POST /default/open HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  socket.write(Array.from(body, (byte) => `1\r\n${byte}\r\n`).join(""));
  socket.write("0\r\n\r\n");
  let answer = "";
  for await (const part of socket) answer += String(part);
  assert.match(answer, /^HTTP\/1\.1 202/);
});
