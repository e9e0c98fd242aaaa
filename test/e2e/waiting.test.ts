/** A burst of which one trigger waits for an interceptor that is away, across kill -9: the others fire, then it does. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { serveInterceptor } from "../helpers/flows.ts";
import { eventually, type Ports, startGateway } from "../helpers/gateway.ts";
import { cel, generic, listener, OPEN, remote, trigger } from "../helpers/objects.ts";
import { STORE_DRIVERS } from "../helpers/stores.ts";
import { place, send } from "../helpers/whole.ts";

const COUNT = 40;

for (const store of ["redis", "embedded"] as const) {
  test(`${COUNT} deliveries and two kills on ${store}: each trigger fires once for each`, {
    timeout: 180_000,
  }, async () => {
    const { port, url } = await deadAddress();
    await using driver = await STORE_DRIVERS[store]();
    await using address = await driver.open();
    const git = listener(
      "git",
      [trigger("gated", [{ ref: { name: "gate" } }]), trigger("build"), trigger("never", [cel("false")])],
      OPEN,
    );
    using at = place([remote("gate", url), git], address.url);
    const args = ["--config", at.objects, "--create", `directory:${at.runs}`, "--store", address.url];
    const made = (prefix: string) => at.files().filter((path) => path.includes(`${prefix}-`)).length;

    await using running = new AsyncDisposableStack();
    const start = async (ports?: Ports) => {
      const gateway = await startGateway(args, ports);
      running.defer(() => gateway.stop());
      return gateway;
    };
    const first = await start();
    for (let i = 0; i < COUNT; i++) {
      const arrival = generic({ body: '{"ref":"refs/heads/main"}' });
      assert.equal((await send(first.url, arrival)).status, 202);
    }
    await first.kill();
    const second = await start(first.ports);
    await eventually(
      async () => made("build"),
      (built) => built === COUNT,
    );
    assert.equal(made("gated"), 0);
    const waiting = await second.audit();
    assert.deepEqual([waiting.pending, waiting.violations], [COUNT, []]);

    await using gate = await serveInterceptor(() => ({ body: { continue: true } }), port);
    await eventually(
      async () => made("gated"),
      (fired) => fired > 0,
    );
    await second.kill();
    const third = await start(first.ports);
    const audit = await eventually(third.audit, ({ pending }) => pending === 0);
    const { accepted, created, runs, violations } = audit;
    assert.deepEqual([accepted, created, runs, violations], [COUNT, COUNT, 2 * COUNT, []]);
    assert.deepEqual([made("build"), made("gated"), at.files().length], [COUNT, COUNT, 2 * COUNT]);
    assert.ok(gate.asked.length >= COUNT);
  });
}

/** Where a server was a moment ago. */
async function deadAddress(): Promise<{ readonly url: string; readonly port: number }> {
  await using server = await serveInterceptor(() => ({ body: {} }));
  return { url: server.url, port: Number(new URL(server.url).port) };
}
