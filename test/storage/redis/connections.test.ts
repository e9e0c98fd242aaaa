/** Ways to a Redis: TLS with a private authority, users with few rights, a socket; and a server that comes up late. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Redis } from "ioredis";
import { SluiceError } from "../../../src/core/errors.ts";
import type { Fact } from "../../../src/core/fact.ts";
import type { Store } from "../../../src/core/store.ts";
import { openStore } from "../../../src/storage/open.ts";
import { createJob } from "../../contracts/jobs.ts";
import { selfSignedCertificate } from "../../helpers/api-server/certificate.ts";
import { temporaryFolder } from "../../helpers/folder.ts";
import { startRedis } from "../../helpers/redis.ts";
import { carries } from "../carries.ts";

/** What docs/durability.md tells operators to grant. */
const RIGHTS = "+@read +@write +@connection +@transaction -@dangerous +eval +evalsha +time +info +config|get";

suite("ways to a Redis", { timeout: 60_000 }, () => {
  test("TLS on both sides: a private authority and a client's certificate", async () => {
    using folder = temporaryFolder();
    const cert = join(folder.path, "cert.pem");
    const key = join(folder.path, "key.pem");
    const made = selfSignedCertificate(Date.now());
    writeFileSync(cert, made.cert);
    writeFileSync(key, made.key);
    await using server = await startRedis({
      settings: (port) => ({
        port: "0",
        "tls-port": String(port),
        "tls-cert-file": cert,
        "tls-key-file": key,
        "tls-ca-cert-file": cert,
        "tls-auth-clients": "yes",
      }),
    });
    const address = `rediss://127.0.0.1:${server.port}/0`;
    const own = `cert=${cert}&key=${key}`;
    await holds(`${address}?ca=${cert}&${own}`);
    await refuses(`${address}?${own}`, /self-signed/, "SLUICE_STORE_TLS");
    await refuses(
      `${address}?ca=${cert}&${own}&servername=other.example`,
      /other\.example/,
      "SLUICE_STORE_TLS",
    );
    // The server's alert comes when the connection stands: it may be cut before the alert is read.
    await assert.rejects(openStore(`${address}?ca=${cert}`), ({ code }: SluiceError) =>
      ["SLUICE_STORE_TLS", "SLUICE_STORE_AWAY"].includes(code),
    );
    await refuses(`${address}?ca=${folder.path}/none.pem`, /ENOENT/, "SLUICE_CONFIG_INVALID");
  });

  test("a user with the rights of docs/durability.md does everything, and asks for nothing more", async () => {
    await using server = await startRedis();
    const admin = new Redis(server.url);
    const rules = ["on", ">p@ss:word", "~{sluice}:*", "resetchannels", ...RIGHTS.split(" ")];
    await admin.call("ACL", "SETUSER", "sluice", ...rules);
    await admin.call("ACL", "SETUSER", "default", "-@all", "+acl", "+@connection", "+info");
    await holds(`redis://sluice:p%40ss%3Aword@127.0.0.1:${server.port}/0`);
    assert.deepEqual(await admin.call("ACL", "LOG"), []);
    const said = new RegExp(`127\\.0\\.0\\.1:${server.port}: WRONGPASS`);
    await refuses(`redis://sluice:wrong@127.0.0.1:${server.port}/0`, said, "SLUICE_STORE_LOGIN");
    await admin.call("ACL", "SETUSER", "sluice", "-set");
    await refuses(`redis://sluice:p%40ss%3Aword@127.0.0.1:${server.port}/0`, /NOPERM/, "SLUICE_STORE_LOGIN");
    admin.disconnect();
  });

  test("a socket", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "redis.sock");
    await using _server = await startRedis({ settings: () => ({ port: "0", unixsocket: path }) });
    await holds(`redis+unix://${path}?db=2`);
  });

  test("a server that comes up late is waited for, and told of once", async () => {
    await using server = await startRedis();
    await server.stop();
    const facts: Fact["type"][] = [];
    const away = Promise.withResolvers<void>();
    const opening = openStore(server.url, {
      waitMs: 20_000,
      tell: (fact) => {
        facts.push(fact.type);
        away.resolve();
      },
    });
    await away.promise;
    await server.restart();
    const store = await opening;
    await store.queue.ping();
    await store.close();
    assert.deepEqual(facts, ["store.away", "store.back"]);
  });

  test("waiting ends, and is only for servers that are away", async () => {
    const asked = performance.now();
    await refuses("redis://127.0.0.1:1", /ECONNREFUSED/, "SLUICE_STORE_AWAY", 700);
    const took = performance.now() - asked;
    assert.ok(took > 400 && took < 5_000, `${took} ms`);
    await refuses("redis://127.0.0.1:1?x=1", /parameters/, "SLUICE_CONFIG_INVALID", 60_000);
  });

  test("where nobody answers, the fault says what was tried", async () => {
    await refuses("redis+unix:///none.sock", /\/none\.sock: connect ENOENT/);
    await refuses(
      "redis+sentinel://127.0.0.1:1,127.0.0.1:2/mymaster",
      /master mymaster by the Sentinels 127\.0\.0\.1:1, 127\.0\.0\.1:2: /,
    );
    await refuses(
      "redis+cluster://127.0.0.1:1,127.0.0.1:2",
      /Cluster of 127\.0\.0\.1:1, 127\.0\.0\.1:2: (?!Failed to refresh)/,
    );
  });

  test("while the server is gone, every call says why it is not reached, and none says what its client thought", async () => {
    await using server = await startRedis();
    const lost = Promise.withResolvers<void>();
    const store = await openStore(server.url, {
      tell: ({ type }) => type === "store.away" && lost.resolve(),
    });
    await server.stop();
    await lost.promise;
    for (const ask of [() => store.ledger.list({}, { limit: 1 }), () => store.queue.depth()]) {
      await assert.rejects(ask(), ({ code, message }: SluiceError) => {
        assert.equal(code, "SLUICE_STORE_AWAY");
        assert.match(message, /^the store cannot be used just now: the connection to Redis is lost/);
        return true;
      });
    }
    const [check] = store.checks?.() ?? [];
    assert.match((await check?.check())?.message ?? "", /the connection to Redis is lost/);
    await store.close();
  });

  test("a master that has become a replica is left for a new connection", async () => {
    await using server = await startRedis();
    await using other = await startRedis();
    const admin = new Redis(server.url);
    const store = await openStore(server.url);
    // As behind a name or a proxy: the old master lives, and keeps its connections.
    await admin.replicaof("127.0.0.1", other.port);
    await assert.rejects(store.queue.enqueue([createJob({ id: "refused" })]), /READONLY/);
    await admin.replicaof("NO", "ONE");
    await untilEnqueued(store, "after");
    await store.close();
    admin.disconnect();
  });
});

async function holds(url: string): Promise<void> {
  const store = await openStore(url);
  try {
    await carries(store, "one");
    for (const { name, check } of store.checks?.() ?? []) {
      const { state, message } = await check();
      assert.notEqual(state, "failed", `${name}: ${message}`);
      assert.doesNotMatch(message, /could not be asked/);
    }
  } finally {
    await store.close();
  }
}

async function refuses(
  url: string,
  reason: RegExp,
  code: SluiceError["code"] = "SLUICE_STORE_AWAY",
  waitMs = 0,
): Promise<void> {
  await assert.rejects(openStore(url, { waitMs }), (error) => {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.code, code);
    assert.match(error.message, reason);
    assert.doesNotMatch(error.message, /wrong/);
    return true;
  });
}

async function untilEnqueued(store: Store, id: string): Promise<void> {
  for (;;) {
    try {
      return await store.queue.enqueue([createJob({ id })]);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
