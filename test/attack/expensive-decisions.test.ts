/** Forty triggers whose filters and paths cost seconds each, and small events for them: everything else goes on. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { temporaryFolder } from "../helpers/folder.ts";
import { type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";
import { expensiveBody, writeListeners } from "./expensive-events.ts";

const folder = temporaryFolder("sluice-attack-");
let redis: RedisServer;
let gateway: GatewayProcess;

before(async () => {
  redis = await startRedis();
  const config = writeListeners(folder.path, 40);
  gateway = await startGateway(["--config", config, "--store", redis.url, "--create", "dry-run"]);
});
after(async () => {
  await gateway?.stop();
  await redis?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const post = (listener: string, body: string) =>
  fetch(`${gateway.url}/default/${listener}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
    signal: AbortSignal.timeout(30_000),
  });

interface Shown {
  readonly decisions: readonly { readonly result: string; readonly code?: string }[];
}

test("health and other listeners answer while expensive deliveries are decided, and those end with a code", async () => {
  const bodies = [expensiveBody(3_900), expensiveBody(109_000)];
  const attack = Promise.all(Array.from({ length: 12 }, (_, i) => post("attacked", bodies[i % 2] ?? "")));
  let over = false;
  void attack.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  let asked = 0;
  do {
    const health = await fetch(`${gateway.admin}/healthz`, { signal: AbortSignal.timeout(5_000) });
    assert.equal(health.status, 200);
    await health.body?.cancel();
    const other = await post("other", '{"n":"x"}');
    assert.equal(other.status, 202, await other.text());
    asked++;
  } while (!over);
  assert.ok(asked >= 5, `only ${asked} answers while the attack lasted`);

  const answers = await attack;
  const statuses = answers.map(({ status }) => status);
  assert.ok(
    statuses.every((status) => status === 202 || status === 503),
    String(statuses),
  );
  assert.ok(statuses.includes(202));
  for (const answer of answers) {
    const told = (await answer.json()) as { eventID?: string; code?: string };
    if (answer.status === 503) {
      assert.equal(told.code, "SLUICE_LISTENER_BUSY");
      continue;
    }
    const shown = await fetch(`${gateway.admin}/api/v1/deliveries/${told.eventID}`);
    const { decisions } = (await shown.json()) as Shown;
    assert.equal(decisions.length, 40);
    const failed = decisions.filter(({ result }) => result === "failed");
    assert.ok(failed.some(({ code }) => code === "SLUICE_COST_EXCEEDED"));
    // Nobody has said no: what cost too much is not taken for filtered.
    const last = decisions.at(-1);
    assert.equal(last?.code, "SLUICE_COST_EXCEEDED", JSON.stringify(last));
  }
});
