/** A burst of signed deliveries through real processes: everything accepted is created, once, also across kill -9. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually, type GatewayProcess, startApiServerProcess, startGateway } from "../helpers/gateway.ts";
import { type LoadResult, pullRequest, sendLoad } from "../helpers/load.ts";
import { ROOT } from "../helpers/process.ts";
import { startRedis } from "../helpers/redis.ts";

const SECRET = "an example, not a secret";
const QUICKSTART = join(ROOT, "examples/quickstart");
const EVENT_LABEL = "triggers.tekton.dev/triggers-eventid";
const body = pullRequest();

describe("2,000 deliveries of 21 KB at concurrency 32 on Redis", () => {
  test("all are accepted, and exactly 2,000 objects exist, no two alike in name", async () => {
    await using stage = await openStage("redis");
    const gateway = await stage.startGateway();
    const sent = await send(gateway, 2_000);
    assert.deepEqual(sent.statuses, { 202: 2_000 });
    await everythingCreated(stage, gateway, sent.accepted);
    await gateway.stop();
  });

  test("the gateway is killed in the middle and started again: every 202 has its object, once", async () => {
    await using stage = await openStage("redis");
    const first = await stage.startGateway();
    const ports = { listen: new URL(first.url).host, admin: new URL(first.admin).host };
    let killed: Promise<void> | undefined;
    const sent = await send(first, 2_000, (answered) => {
      if (answered === 700) killed = first.kill();
    });
    await killed;
    assert.ok(
      sent.accepted.length >= 690 && sent.accepted.length < 2_000,
      `${sent.accepted.length} accepted`,
    );
    const second = await stage.startGateway(ports);
    await everythingCreated(stage, second, sent.accepted);
    await second.stop();
  });
});

describe("200 deliveries of 21 KB at concurrency 32 on the embedded store", () => {
  test("all are accepted and created once", async () => {
    await using stage = await openStage("embedded");
    const gateway = await stage.startGateway();
    const sent = await send(gateway, 200);
    assert.deepEqual(sent.statuses, { 202: 200 });
    await everythingCreated(stage, gateway, sent.accepted);
    await gateway.stop();
  });

  test("killed in the middle and started again: every 202 has its object, once", async () => {
    await using stage = await openStage("embedded");
    const first = await stage.startGateway();
    let killed: Promise<void> | undefined;
    const sent = await send(first, 200, (answered) => {
      if (answered === 80) killed = first.kill();
    });
    await killed;
    assert.ok(sent.accepted.length >= 70 && sent.accepted.length < 200, `${sent.accepted.length} accepted`);
    const second = await stage.startGateway();
    await everythingCreated(stage, second, sent.accepted);
    await second.stop();
  });
});

interface Stage extends AsyncDisposable {
  startGateway(ports?: { listen?: string; admin?: string }): Promise<GatewayProcess>;
  runs(): Promise<readonly CreatedRun[]>;
}

interface CreatedRun {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Record<string, string>;
  };
}

/** A store, an API server of its own process, and gateways that are gone when the test is. */
async function openStage(store: "redis" | "embedded"): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder("sluice-burst-"));
  const api = opened.adopt(await startApiServerProcess(folder.path), (server) => server.stop());
  const redis = store === "redis" ? opened.use(await startRedis({ appendfsync: "always" })) : undefined;
  const url = redis?.url ?? `embedded:${join(folder.path, "store")}`;
  const running = opened.move();
  return {
    async startGateway(ports = {}) {
      const target = ["--create", "kubernetes", "--kubeconfig", api.kubeconfig];
      const gateway = await startGateway(["--config", QUICKSTART, "--store", url, ...target], ports);
      return running.adopt(gateway, (process) => process.stop());
    },
    runs: () => api.items<CreatedRun>("PipelineRun"),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function send(
  gateway: GatewayProcess,
  count: number,
  onAnswer?: (answered: number) => void,
): Promise<LoadResult> {
  const options = { url: `${gateway.url}/default/github`, secret: SECRET, body, count, concurrency: 32 };
  return sendLoad(onAnswer === undefined ? options : { ...options, onAnswer });
}

/** Judged from outside, by the 202s that the client saw and the objects that the API server holds; then by the audit. */
async function everythingCreated(
  stage: Stage,
  gateway: GatewayProcess,
  accepted: readonly string[],
): Promise<void> {
  assert.equal(new Set(accepted).size, accepted.length, "event ids are unique");
  const audit = await eventually(
    () => gateway.audit(),
    (found) => found.pending === 0,
  );
  assert.deepEqual(audit.violations, []);
  assert.equal(audit.accepted, audit.created, "nothing filtered, dead or duplicate");
  const runs = await stage.runs();
  const names = runs.map(({ metadata }) => metadata.name);
  assert.equal(new Set(names).size, names.length, "no two objects share a name");
  const byDelivery = Map.groupBy(runs, ({ metadata }) => metadata.labels[EVENT_LABEL] ?? "");
  for (const id of accepted) assert.equal(byDelivery.get(id)?.length, 1, `delivery ${id} has one object`);
  // A delivery may be kept although its sender saw no answer, because the gateway died before it could give one.
  assert.equal(runs.length, audit.accepted);
  assert.equal(audit.runs, runs.length);
}
