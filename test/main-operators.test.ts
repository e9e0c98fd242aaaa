/** What operators rely on, of a whole gateway: the admin port, a store that comes up late, retention. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { loadSettings } from "../src/config/load.ts";
import { startGateway } from "../src/main.ts";
import { readLock } from "../src/storage/embedded/lock-file.ts";
import { openStore } from "../src/storage/open.ts";
import { listen } from "./helpers/flows.ts";
import { push, SIGNED } from "./helpers/objects.ts";
import { freePort, startRedis } from "./helpers/redis.ts";
import { shareRedis } from "./helpers/shared-redis.ts";
import { place, readyz, send, started } from "./helpers/whole.ts";

const freshRedis = shareRedis();

describe("the admin port", () => {
  test("stands in the embedded store's lock with the port that it got, and knows this user's token", async () => {
    using here = place(SIGNED, "");
    const folder = join(here.objects, "../store");
    const localToken = join(folder, "admin-token");
    const settings = loadSettings({ flags: here.flags });
    const gateway = await startGateway(settings, { color: false, log: false, localToken });
    assert.equal(readLock(folder)?.admin, gateway.admin);
    const resume = (token: string) =>
      fetch(`${gateway.admin}/api/v1/queue/resume`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
      });
    const token = readFileSync(localToken, "utf8").trim();
    assert.deepEqual([(await resume(token)).status, (await resume(`${token}x`)).status], [200, 401]);
    await gateway.stop("the test is over");
    assert.equal(readLock(folder), undefined);
  });

  test("takes no local token where the network reaches it, and goes on where none can be kept", async () => {
    using here = place(SIGNED, freshRedis());
    const localToken = join(here.objects, "no folder", "admin-token");
    const ear = listen();
    const options = { color: false, log: false, listener: ear.tell, localToken };
    const local = await startGateway(loadSettings({ flags: here.flags }), options);
    await local.stop("next");
    const ignored = ear.facts.find((fact) => fact.type === "setting.ignored");
    assert.match(ignored?.error.message ?? "", /setting adminToken: the token file/);
    const wide = { ...here.flags, admin: "0.0.0.0:0" };
    const open = listen();
    const gateway = await startGateway(loadSettings({ flags: wide }), { ...options, listener: open.tell });
    assert.deepEqual(
      open.facts.filter(({ type }) => type === "setting.ignored"),
      [],
      "no token is kept for it",
    );
    const port = new URL(gateway.admin).port;
    assert.equal((await fetch(`http://127.0.0.1:${port}/api/v1/queue`)).status, 401);
    assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);
    await gateway.stop("the test is over");
  });
});

describe("ports that are bound to every address", () => {
  for (const [host, shown] of [
    ["0.0.0.0", "0.0.0.0"],
    ["[::]", "[::]"],
  ]) {
    test(`${host} is logged as what it is, and adminOpen loopback is said to open nothing there`, async () => {
      using here = place(SIGNED, "");
      const flags = { ...here.flags, listen: `${host}:0`, admin: `${host}:0`, adminOpen: "loopback" };
      await using gateway = await started(flags);
      const ready = gateway.facts.find((fact) => fact.type === "gateway.ready");
      const at = (url: string | undefined) => `http://${shown}:${new URL(url ?? "").port}`;
      assert.deepEqual([ready?.listen, ready?.admin], [at(gateway.listen), at(gateway.admin)]);
      const ignored = gateway.facts.filter((fact) => fact.type === "setting.ignored");
      assert.deepEqual(
        ignored.map(({ error }) => [error.code, error.values]),
        [
          [
            "SLUICE_ADMIN_OPEN",
            { open: "loopback", why: `on ${shown}:0, which others than this machine can reach` },
          ],
        ],
      );
      assert.equal((await readyz(gateway.admin)).status, 200, "whom it names answers here");
    });
  }

  test("of a port on loopback nothing is said: there adminOpen counts", async () => {
    using here = place(SIGNED, "");
    await using gateway = await started({ ...here.flags, adminOpen: "loopback" });
    assert.ok(!gateway.facts.some(({ type }) => type === "setting.ignored"));
    assert.equal((await fetch(`${gateway.admin}/api/v1/queue/resume`, { method: "POST" })).status, 200);
  });
});

describe("a store that comes up late", () => {
  test("is waited for as long as one says, and told of", async () => {
    const port = await freePort();
    using here = place(SIGNED, `redis://127.0.0.1:${port}/0`);
    const ear = listen();
    const options = { color: false, log: false, listener: ear.tell, storeWaitMs: 30_000 };
    const starting = startGateway(loadSettings({ flags: here.flags }), options);
    await ear.heard(({ type }) => type === "store.away");
    await using _late = await startRedis({ settings: () => ({ port: String(port) }) });
    const gateway = await starting;
    assert.ok(ear.facts.some(({ type }) => type === "store.back"));
    await gateway.stop("the test is over");
  });
});

describe("retention", () => {
  test("is kept by workers: what is older than the settings say is forgotten", async () => {
    using here = place(SIGNED, freshRedis());
    const first = await started(here.flags);
    const arrival = push({ token: "s3cret" });
    const { eventID = "" } = (await send(first.listen, arrival)).body;
    await first.heard((fact) => fact.type === "run.created");
    await first.stop("next");
    const store = await openStore(String(here.flags["store"]));
    const policy = { age: 3_600_000, deadAge: 3_600_000, payloadAge: 3_600_000 };
    assert.deepEqual(await store.ledger.prune(policy, Date.now(), 10), { deliveries: 0, payloads: 0 });
    await store.close();
    await using second = await started({ ...here.flags, retentionCount: "1" });
    await second.heard((fact) => fact.type === "catalog.loaded");
    const kept = await (await fetch(`${second.admin}/api/v1/deliveries/count`)).json();
    assert.deepEqual(kept, { count: 1 });
    await send(second.listen, push({ token: "s3cret" }));
    await second.heard((fact) => fact.type === "run.created");
    await using third = await started({ ...here.flags, retentionCount: "1" });
    await third.heard((fact) => fact.type === "ledger.pruned" && fact.deliveries === 1);
    assert.equal((await fetch(`${third.admin}/api/v1/deliveries/${eventID}`)).status, 404);
  });
});
