/** The composition root: a whole gateway in temporary folders, its start, its reloads, its roles and its end. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { describe, test } from "node:test";
import { SluiceError } from "../src/core/errors.ts";
import { openStore } from "../src/storage/open.ts";
import { serveInterceptor } from "./helpers/flows.ts";
import { listener, OPEN, push, remote, SIGNED, trigger } from "./helpers/objects.ts";
import { freePort } from "./helpers/redis.ts";
import { shareRedis } from "./helpers/shared-redis.ts";
import { place, readyz, send, started } from "./helpers/whole.ts";

const freshRedis = shareRedis();

const configInvalid = (key: string) => (error: unknown) =>
  error instanceof SluiceError && error.code === "SLUICE_CONFIG_INVALID" && error.values["key"] === key;

describe("a gateway with nothing but folders", () => {
  test("is ready, takes a signed webhook, makes its run, and leaves everything free when it stops", async () => {
    using here = place(SIGNED, "");
    const gateway = await started(here.flags);
    const ready = gateway.facts.find((fact) => fact.type === "gateway.ready");
    assert.deepEqual(ready, {
      ...{ type: "gateway.ready", listen: gateway.listen, admin: gateway.admin },
      ...{ store: gateway.store.name, target: `directory ${here.runs}`, declared: true },
      listeners: ["ci/git"],
    });
    const { status, degraded, checks } = await readyz(gateway.admin);
    assert.deepEqual([status, degraded], [200, []]);
    assert.deepEqual(
      checks.map(({ name }) => name),
      ["stopping", "store", "store-disk", "store-folder", "store-clock", "catalog", "target"],
    );

    const refused = await send(gateway.listen, push({ token: "wrong" }));
    assert.deepEqual([refused.status, refused.body["code"]], [401, "SLUICE_UNVERIFIED"]);
    const taken = await send(gateway.listen, push({ token: "s3cret" }));
    assert.equal(taken.status, 202);
    const { eventID = "" } = taken.body;
    await gateway.heard((fact) => fact.type === "run.created" && fact.job.delivery === eventID);
    assert.equal(here.files().length, 1);
    const audit = (await (await fetch(`${gateway.admin}/api/v1/audit`)).json()) as Record<string, unknown>;
    assert.deepEqual([audit["accepted"], audit["created"], audit["violations"]], [1, 1, []]);

    await gateway.stop("enough");
    await gateway.stop("twice is once");
    assert.equal(gateway.facts.filter((fact) => fact.type === "gateway.stopping").length, 1);
    for (const url of [gateway.listen, gateway.admin]) await assert.rejects(fetch(`${url}/`));
    const again = await openStore(String(here.flags["store"]));
    assert.equal((await again.ledger.find(eventID))?.outcome, "created");
    await again.close();
  });
});

describe("a start that fails", () => {
  test("because a port is taken says which setting to change, and closes what was opened", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const free = `127.0.0.1:${await freePort()}`;
    using here = place(SIGNED, freshRedis());
    await assert.rejects(started({ ...here.flags, admin: free, listen: address }), configInvalid("listen"));
    await assert.rejects(fetch(`http://${free}/healthz`), "the admin port is closed again");
    await assert.rejects(started({ ...here.flags, listen: free, admin: address }), configInvalid("admin"));
    await assert.rejects(fetch(`http://${free}/live`), "nobody listens before all is well");
    taken.close();
    await using gateway = await started({ ...here.flags, admin: free, listen: address });
    assert.equal((await readyz(gateway.admin)).status, 200);
  });

  test("because the store is away says so, and nobody listens", async () => {
    const free = `127.0.0.1:${await freePort()}`;
    using here = place(SIGNED, `redis://127.0.0.1:${await freePort()}/0`);
    const away = (error: unknown) => error instanceof SluiceError && error.code === "SLUICE_STORE_AWAY";
    await assert.rejects(started({ ...here.flags, listen: free }), away);
    await assert.rejects(fetch(`http://${free}/live`));
  });

  test("after the embedded store was opened gives its lock back", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    using here = place(SIGNED, "");
    await assert.rejects(started({ ...here.flags, listen: address }), configInvalid("listen"));
    taken.close();
    await (await openStore(String(here.flags["store"]))).close();
  });
});

describe("what is declared", () => {
  test("and broken from the start keeps the gateway from being ready, though it runs and says why", async () => {
    using here = place(SIGNED, freshRedis());
    here.declare("kind: [");
    await using gateway = await started(here.flags);
    const { status, checks } = await readyz(gateway.admin);
    assert.equal(status, 503);
    assert.match(
      checks.find(({ name }) => name === "catalog")?.message ?? "",
      /^not read yet: no valid YAML/,
    );
    assert.equal((await send(gateway.listen, push({ token: "s3cret" }))).status, 503);
    here.declare(SIGNED);
    await gateway.heard((fact) => fact.type === "catalog.loaded");
    assert.equal((await readyz(gateway.admin)).status, 200);
    assert.equal((await send(gateway.listen, push({ token: "s3cret" }))).status, 202);
  });

  test("and broken later takes out what is broken, shows on /readyz, and is mended by the next good file", async () => {
    using here = place(SIGNED, freshRedis());
    await using gateway = await started(here.flags);
    const badFilter = { ref: { name: "cel" }, params: [{ name: "filter", value: "body.ref ==" }] };
    here.declare([listener("git", [trigger("bad", [badFilter]), trigger("other")], OPEN)]);
    await gateway.heard((fact) => fact.type === "catalog.loaded" && (fact.faults?.length ?? 0) > 0);
    assert.equal((await send(gateway.listen, push())).status, 202);
    const decided = gateway.facts.filter((fact) => fact.type === "decision.made");
    assert.deepEqual(
      decided.map(({ trigger, result, code }) => [trigger.name, result, code]),
      [
        ["bad", "failed", "SLUICE_CEL_SYNTAX"],
        ["other", "matched", undefined],
      ],
    );
    const { status, degraded, checks } = await readyz(gateway.admin);
    assert.deepEqual([status, degraded], [200, ["catalog"]]);
    const catalog = checks.find(({ name }) => name === "catalog");
    assert.match(catalog?.message ?? "", /^in force, but for what 1 fault concerns/);
    assert.match(JSON.stringify(catalog?.faults), /SLUICE_CEL_SYNTAX.*objects\.yaml:\d+/);

    const loads = gateway.facts.length;
    here.declare([listener("git", [trigger("other", [])], OPEN)]);
    await gateway.heard((fact) => fact.type === "catalog.loaded" && gateway.facts.indexOf(fact) >= loads);
    assert.deepEqual((await readyz(gateway.admin)).degraded, []);
    assert.equal((await send(gateway.listen, push())).status, 202, "the new listener is open");
  });
});

describe("roles", () => {
  test("on one Redis share the work: ingress takes deliveries, the worker makes their runs", async () => {
    using here = place(SIGNED, freshRedis());
    await using ingress = await started({ ...here.flags, role: "ingress" });
    assert.equal(ingress.target, undefined, "an ingress creates nothing, so it needs no cluster");
    const { body } = await send(ingress.listen, push({ token: "s3cret" }));
    assert.equal((await ingress.store.queue.depth()).waiting, 1);
    assert.deepEqual(here.files(), []);
    await using worker = await started({ ...here.flags, role: "worker" });
    assert.equal(worker.listen, undefined);
    await worker.heard((fact) => fact.type === "run.created" && fact.job.delivery === body["eventID"]);
    assert.equal(here.files().length, 1);
    assert.ok(!ingress.facts.some((fact) => fact.type === "job.attempted"));
    assert.deepEqual([(await readyz(ingress.admin)).status, (await readyz(worker.admin)).status], [200, 200]);
  });
});

describe("a stop", () => {
  test("is not ready at once, takes no more deliveries, and finishes the job in hand", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: reached, resolve: arrived } = Promise.withResolvers<void>();
    await using gate = await serveInterceptor(async () => {
      arrived();
      await held;
      return { body: { continue: true } };
    });
    const objects = [
      remote("gate", gate.url),
      listener("git", [trigger("build", [{ ref: { name: "gate" } }])]),
    ];
    using here = place(objects, freshRedis());
    const gateway = await started({ ...here.flags, decideWithin: "0ms" });
    const { status, body } = await send(gateway.listen, push());
    assert.equal(status, 202);
    await reached;
    let done = false;
    const stopped = gateway.stop("SIGTERM").then(() => {
      done = true;
    });
    const { status: readiness, checks } = await readyz(gateway.admin);
    assert.equal(readiness, 503);
    assert.match(checks.find(({ name }) => name === "stopping")?.message ?? "", /shutting down/);
    await refused(gateway.listen ?? "");
    assert.equal(done, false, "the job in hand is waited for");
    release();
    await stopped;
    const store = await openStore(String(here.flags["store"]));
    const record = await store.ledger.find(body["eventID"] ?? "");
    assert.deepEqual([record?.decided, record?.jobs.length], [true, 1]);
    await store.close();
  });

  test("in its lame-duck time takes deliveries that others work on, and closes connections", async () => {
    using here = place([listener("git", [trigger("build")], OPEN)], freshRedis());
    const gateway = await started(here.flags);
    const stopped = gateway.stop("SIGTERM", 500);
    const { status: readiness, checks } = await readyz(gateway.admin);
    assert.equal(readiness, 503);
    assert.match(checks.find(({ name }) => name === "stopping")?.message ?? "", /shutting down/);
    const { status, connection, body } = await send(gateway.listen, push());
    assert.deepEqual([status, connection], [202, "close"]);
    await stopped;
    assert.equal(gateway.facts.at(-1)?.type, "gateway.stopped");
    assert.deepEqual(here.files(), []);
    await using next = await started(here.flags);
    await next.heard((fact) => fact.type === "run.created" && fact.job.delivery === body["eventID"]);
  });

  test("hands back what is not finished within the grace period, and the next gateway does it", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: reached, resolve: arrived } = Promise.withResolvers<void>();
    await using gate = await serveInterceptor(async (_asked, number) => {
      arrived();
      if (number === 1) await held;
      return { body: { continue: true } };
    });
    const objects = [
      remote("gate", gate.url),
      listener("git", [trigger("build", [{ ref: { name: "gate" } }])]),
    ];
    using here = place(objects, freshRedis());
    const flags = { ...here.flags, decideWithin: "0ms", shutdownGrace: "50ms" };
    const gateway = await started(flags);
    const { body } = await send(gateway.listen, push());
    await reached;
    await gateway.stop("SIGTERM");
    await using next = await started(flags);
    await next.heard((fact) => fact.type === "run.created" && fact.job.delivery === body["eventID"]);
    release();
    assert.equal(here.files().length, 1);
  });
});

/** Resolves when no more connections are taken there. */
async function refused(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  for (let answered = true; answered; ) {
    const socket = connect(Number(port), hostname);
    answered = await once(socket, "connect").then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        // What the system had taken on when the port closed is reset; who comes after that is refused.
        if (error.code !== "ECONNRESET") assert.equal(error.code, "ECONNREFUSED");
        return error.code === "ECONNRESET";
      },
    );
    socket.destroy();
  }
}
