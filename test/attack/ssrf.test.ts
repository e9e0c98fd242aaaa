/** A tenant's objects lead the gateway nowhere that is the operator's: whatever they are called, and by every field. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type ApiObject, type ApiServer, startApiServer } from "../helpers/api-server.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { interceptor, listener, OPEN, trigger, type Written, written } from "../helpers/objects.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";

const folder = temporaryFolder();
let redis: RedisServer;
let api: ApiServer;
let inner: Server;
let port = 0;
const asked: string[] = [];
let connections = 0;

/** Answers as an interceptor that lets everything pass: the answer would reach the tenant's run. */
before(async () => {
  inner = createServer((request, response) => {
    asked.push(`${request.method} ${request.headers.host}${request.url}`);
    response.end(
      JSON.stringify({ continue: true, ref: "secret of the operator", extensions: { x: "secret" } }),
    );
  });
  inner.on("connection", () => {
    connections++;
  });
  // Every address of this machine: loopback of both families, and its interfaces.
  inner.listen(0, "::");
  await once(inner, "listening");
  port = (inner.address() as AddressInfo).port;
  redis = await startRedis({ appendfsync: "no" });
  api = await startApiServer({ namespaces: ["a"] });
  for (const { objects } of Object.values(cases())) {
    for (const object of objects) {
      const { metadata } = object as { readonly metadata: Written };
      const place = String(object["kind"]).startsWith("Cluster") ? {} : { namespace: "a" };
      api.put({ ...object, metadata: { ...metadata, ...place } } as ApiObject);
    }
  }
});
after(async () => {
  inner.close();
  await api.stop();
  await redis[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Case {
  readonly objects: readonly Written[];
  /** Codes that its decision may have. */
  readonly code: RegExp;
}

/** Spellings of loopback, of this machine and of the store that run through all URL parsers. */
const HOSTS = [
  ...["127.0.0.1", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1."],
  ...["１２７.0.0.1", "localhost", "LOCALHOST", "0.0.0.0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]"],
  ...[
    "[::127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "user:pw@127.0.0.1",
  ],
];

function cases(): Readonly<Record<string, Case>> {
  const found: Record<string, Case> = {};
  const UNUSABLE = /INTERCEPTOR_UNUSABLE/;
  const PARAMS = /INTERCEPTOR_PARAMS|OBJECT_UNUSABLE|OBJECT_INVALID/;
  const add = (what: string, code: RegExp, step: Written, ...more: readonly Written[]) => {
    const name = `c${Object.keys(found).length}`;
    found[`${name}: ${what}`] = { code, objects: [...more, listener(name, [trigger("t", [step])], OPEN)] };
  };
  for (const [index, host] of HOSTS.entries()) {
    const url = `http://${host}:${port}/internal`;
    const name = `url-${index}`;
    add(`webhook.url ${host}`, UNUSABLE, {
      webhook: { url, objectRef: { kind: "Service", apiVersion: "v1", name: "x" } },
    });
    const wide = written("ClusterInterceptor", name, { clientConfig: { url } });
    add(`ClusterInterceptor ${host}`, UNUSABLE, interceptor(name), wide);
  }
  const own = written("Interceptor", "own", { clientConfig: { url: `http://127.0.0.1:${port}/x` } });
  add("Interceptor", UNUSABLE, interceptor("own", {}, "NamespacedInterceptor"), own);
  const status = { address: { url: `http://127.0.0.1:${port}/status` } };
  const told = {
    ...written("ClusterInterceptor", "told", { clientConfig: { url: "http://a.invalid" } }),
    status,
  };
  add("status.address of a ClusterInterceptor", UNUSABLE, interceptor("told"), told);
  const services: readonly Written[] = [
    { name: `127.0.0.1:${port}/internal?`, namespace: "a" },
    { name: `127.0.0.1:${port}#`, namespace: "a" },
    { name: "svc", namespace: `a@127.0.0.1:${port}/?` },
    { name: `x@127.0.0.1:${port}/`, namespace: "a" },
    { name: "a.b", namespace: "a" },
    { name: "A", namespace: "a" },
    { name: "svc\\@127.0.0.1", namespace: "a" },
    { name: "a".repeat(64), namespace: "a" },
    { name: "svc", namespace: "a", port: 0 },
    { name: "svc", namespace: "a", port: 65_536 },
  ];
  for (const [index, service] of services.entries()) {
    const name = `service-${index}`;
    const wide = written("ClusterInterceptor", name, { clientConfig: { service } });
    add(`clientConfig.service ${JSON.stringify(service)}`, PARAMS, interceptor(name), wide);
    if (service["port"] !== undefined) continue;
    const objectRef = { kind: "Service", apiVersion: "v1", ...service };
    add(`webhook.objectRef ${JSON.stringify(service)}`, PARAMS, { webhook: { objectRef } });
  }
  const enterpriseHost = `127.0.0.1:${port}`;
  const asking = interceptor("github", { addChangedFiles: { enabled: true }, enterpriseHost });
  add("enterpriseHost of the github interceptor", /INTERCEPTOR_UNUSABLE|^$/, asking);
  return found;
}

function forget(): void {
  asked.length = 0;
  connections = 0;
}

async function serve(...args: readonly string[]): Promise<GatewayProcess & AsyncDisposable> {
  const gateway = await startGateway([
    ...["--from-cluster", "--kubeconfig", api.writeKubeconfig(join(folder.path, "kubeconfig"))],
    ...["--store", redis.url, "--durability", "relaxed", "--announce", "none", "--follow-runs", "off"],
    ...["--create", "dry-run", ...args],
  ]);
  return { ...gateway, [Symbol.asyncDispose]: () => gateway.stop() };
}

interface Decision {
  readonly result: string;
  readonly code?: string;
  readonly reason: string;
}

async function decided(gateway: GatewayProcess, name: string): Promise<readonly Decision[]> {
  const headers = { "content-type": "application/json", "x-github-event": "pull_request" };
  const body = JSON.stringify({
    ...{ ref: "x", action: "opened", number: 1 },
    repository: { full_name: "o/r", name: "r", owner: { login: "o" } },
    pull_request: { number: 1, user: { login: "u" } },
  });
  const answer = await fetch(`${gateway.url}/a/${name}`, { method: "POST", headers, body });
  assert.equal(answer.status, 202, name);
  const { eventID } = (await answer.json()) as { eventID: string };
  const record = await fetch(`${gateway.admin}/api/v1/deliveries/${eventID}`);
  return ((await record.json()) as { decisions: readonly Decision[] }).decisions;
}

describe("a gateway of a cluster", () => {
  test("sends nothing to this machine, in any spelling and by any field, and says why", async () => {
    await using gateway = await serve();
    forget();
    for (const [what, { code }] of Object.entries(cases())) {
      const decisions = await decided(gateway, what.split(":", 1)[0] ?? "");
      const [decision] = decisions;
      assert.ok(decision, what);
      assert.notEqual(decision.result, "matched", what);
      assert.match(decision.code ?? "", code, `${what}: ${JSON.stringify(decisions)}`);
      assert.doesNotMatch(JSON.stringify(decisions), /secret of the operator/, what);
    }
    assert.deepEqual([asked, connections], [[], 0]);
  });

  test("sends no CloudEvent there either", async () => {
    const ends = listener("events", [trigger("t")], {
      ...OPEN,
      cloudEventURI: `http://127.0.0.1:${port}/events`,
    });
    api.put({
      ...ends,
      metadata: { ...(ends["metadata"] as object), namespace: "a" },
    } as unknown as ApiObject);
    await using gateway = await serve();
    forget();
    const told = Promise.withResolvers<void>();
    gateway.child.stdout?.on("data", (chunk: string) => {
      if (chunk.includes("cloudEventURI")) told.resolve();
    });
    await decided(gateway, "events");
    await told.promise;
    assert.deepEqual([asked, connections], [[], 0]);
  });

  test("reaches what an operator lists, and no other port of it", async () => {
    await using gateway = await serve("--allow-addresses", `127.0.0.1:${port}`);
    forget();
    const [decision] = await decided(gateway, "c0");
    assert.notEqual(decision?.code, "SLUICE_INTERCEPTOR_UNUSABLE", JSON.stringify(decision));
    assert.deepEqual(asked, [`POST 127.0.0.1:${port}/internal`]);
    await using other = await serve("--allow-addresses", "127.0.0.1:1");
    forget();
    assert.equal((await decided(other, "c0"))[0]?.code, "SLUICE_INTERCEPTOR_UNUSABLE");
    assert.deepEqual([asked, connections], [[], 0]);
  });
});
