/** Whoever can write to the store acts as nobody: changed jobs and records make nothing, untouched ones go on. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Redis } from "ioredis";
import { temporaryFolder } from "../helpers/folder.ts";
import {
  type ApiServerProcess,
  eventually,
  type GatewayProcess,
  startApiServerProcess,
  startGateway,
} from "../helpers/gateway.ts";
import { pullRequest, sendLoad } from "../helpers/load.ts";
import { ROOT } from "../helpers/process.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";

const SECRET = "an example, not a secret";
const TIMEOUT = { timeout: 240_000 };

const folder = temporaryFolder("sluice-forged-");
let redis: RedisServer;
let client: Redis;
let cluster: ApiServerProcess;

before(async () => {
  redis = await startRedis();
  client = new Redis(redis.url);
  cluster = await startApiServerProcess(folder.path);
});

after(async () => {
  client.disconnect();
  await cluster.stop();
  await redis[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

test(
  "a job that was changed in the queue creates nothing, is dead and named; the others go on",
  TIMEOUT,
  async () => {
    await using gateway = await serve("one.key");
    const [changed, untouched] = await pending(gateway, 2);
    const key = await queueKeyOf(changed);
    const data = JSON.parse((await client.hget(key, "data")) ?? "") as { job: Record<string, unknown> };
    data.job["objects"] = [BINDING];
    data.job["serviceAccount"] = "admin";
    await client.hset(key, "data", JSON.stringify(data));
    await resume(gateway);
    const record = await eventually(
      () => show(gateway, changed),
      ({ outcome }) => outcome === "dead",
    );
    assert.match(record.reason, /SLUICE_STORE_FORGED/);
    await eventually(
      () => show(gateway, untouched),
      ({ outcome }) => outcome === "created",
    );
    assert.equal(await cluster.count("ClusterRoleBinding"), 0);
    assert.equal(await cluster.count("PipelineRun"), 1);
    assert.match(
      await textOf(gateway, "/metrics"),
      /sluice_store_distrusted_total\{[^}]*SLUICE_STORE_FORGED[^}]*\} 1/,
    );
    assert.match(await textOf(gateway, "/readyz"), /store-trust/);
  },
);

test("a job without a signature is held until an operator says that such jobs count", TIMEOUT, async () => {
  await cluster.clear();
  let changed: string;
  {
    await using gateway = await serve("one.key");
    [changed] = await pending(gateway, 1);
    const key = await queueKeyOf(changed);
    const data = JSON.parse((await client.hget(key, "data")) ?? "") as { job: Record<string, unknown> };
    delete data.job["mac"];
    await client.hset(key, "data", JSON.stringify(data));
    await resume(gateway);
    const ready = await eventually(
      () => textOf(gateway, "/readyz"),
      (text) => text.includes("UNSIGNED"),
    );
    assert.match(ready, /--store-integrity adopt/);
    assert.equal((await show(gateway, changed)).outcome, "pending");
    assert.equal(await cluster.count("PipelineRun"), 0);
  }
  await using adopting = await serve("one.key", ["--store-integrity", "adopt"]);
  await eventually(
    () => show(adopting, changed),
    ({ outcome }) => outcome === "created",
  );
});

test("a gateway with another key is not ready, and kills no job that it cannot check", TIMEOUT, async () => {
  await cluster.clear();
  let id: string;
  {
    await using gateway = await serve("one.key");
    [id] = await pending(gateway, 1);
  }
  {
    await using stranger = await serve("another.key");
    const response = await fetch(`${stranger.admin}/readyz`);
    assert.equal(response.status, 503);
    assert.match(await response.text(), /store is written under key [0-9a-f]{8}/);
    await resume(stranger);
    await eventually(
      () => textOf(stranger, "/metrics"),
      (text) => /distrusted_total\{[^}]*SLUICE_STORE_KEY/.test(text),
    );
    assert.equal((await show(stranger, id)).outcome, "pending");
  }
  await using gateway = await serve("one.key");
  await eventually(
    () => show(gateway, id),
    ({ outcome }) => outcome === "created",
  );
});

test("a record whose proof was changed is not replayed", TIMEOUT, async () => {
  await using gateway = await serve("one.key");
  const [id] = (await send(gateway, 1)) as [string];
  await eventually(
    () => show(gateway, id),
    ({ outcome }) => outcome === "created",
  );
  const key = `{sluice}:delivery:${id}`;
  const facts = (await client.hget(key, "facts")) ?? "";
  assert.match(facts, /"proof":"github\(/);
  const replay = async () => {
    const body = JSON.stringify({ reason: "test" });
    const headers = { "content-type": "application/json" };
    return fetch(`${gateway.admin}/api/v1/deliveries/${id}/replay`, { method: "POST", headers, body });
  };
  await client.hset(key, "facts", facts.replace("default", "other"));
  const refused = await replay();
  assert.equal(refused.status, 422);
  assert.match(await refused.text(), /SLUICE_STORE_FORGED/);
  await client.hset(key, "facts", facts);
  assert.equal((await replay()).ok, true);
});

const BINDING = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "forged", namespace: "kube-system" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ kind: "ServiceAccount", name: "default", namespace: "default" }],
};

async function serve(key: string, more: readonly string[] = []): Promise<GatewayProcess & AsyncDisposable> {
  const gateway = await startGateway([
    ...["--config", join(ROOT, "examples/quickstart"), "--store", redis.url, "--durability", "relaxed"],
    ...["--create", "kubernetes", "--kubeconfig", cluster.kubeconfig, "--admin-open", "loopback"],
    ...["--store-key-file", join(folder.path, key), ...more],
  ]);
  return { ...gateway, [Symbol.asyncDispose]: () => gateway.stop() };
}

/** Sends deliveries while the queue is paused. @returns their ids. */
async function pending(gateway: GatewayProcess, count: number): Promise<readonly [string, string]> {
  await post(gateway, "/api/v1/queue/pause");
  const [first = "", second = ""] = await send(gateway, count);
  return [first, second];
}

async function send(gateway: GatewayProcess, count: number): Promise<readonly string[]> {
  const load = await sendLoad({
    ...{ url: `${gateway.url}/default/github`, secret: SECRET, body: pullRequest(), count, concurrency: 1 },
  });
  assert.deepEqual(load.statuses, { 202: count });
  return load.accepted;
}

const resume = (gateway: GatewayProcess) => post(gateway, "/api/v1/queue/resume");

async function post(gateway: GatewayProcess, path: string): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${gateway.admin}${path}`, { method: "POST", headers, body: "{}" });
  assert.equal(response.ok, true, await response.text());
}

async function queueKeyOf(delivery: string): Promise<string> {
  const [key] = await client.keys(`*:queue:${delivery}-*`);
  assert.ok(key);
  return key;
}

async function show(gateway: GatewayProcess, id: string): Promise<{ outcome: string; reason: string }> {
  const response = await fetch(`${gateway.admin}/api/v1/deliveries/${id}`);
  return (await response.json()) as { outcome: string; reason: string };
}

async function textOf(gateway: GatewayProcess, path: string): Promise<string> {
  return (await fetch(`${gateway.admin}${path}`)).text();
}
