/** Gateways of a cluster as processes: one leads, is killed, and is succeeded; each start and end of a run counts once. */

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { loadSettings } from "../../src/config/load.ts";
import type { DeliveryRecord } from "../../src/core/ledger.ts";
import { createInProgress } from "../../src/leader/follow/in-progress.ts";
import { openLead } from "../../src/leader/leader.ts";
import { type ApiObject, startApiServer } from "../helpers/api-server.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { github, listener, push, trigger, type Written } from "../helpers/objects.ts";
import { startRedis } from "../helpers/redis.ts";
import { send } from "../helpers/whole.ts";
import { status } from "./follow/bench.ts";

const SECRET: Written = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "hook", namespace: "ci" },
  data: { token: Buffer.from("s3cret").toString("base64") },
};

async function open() {
  const server = await startApiServer({ namespaces: ["ci", "sluice"] });
  const redis = await startRedis();
  const folder = temporaryFolder();
  const kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig());
  for (const object of [SECRET, listener("git", [trigger("build", [github()])])])
    server.put(object as unknown as ApiObject);
  const gateways: GatewayProcess[] = [];
  const args = [
    ...["--from-cluster", "--kubeconfig", kubeconfig, "--store", redis.url, "--create", "kubernetes"],
    ...["--identity", "gateway", "--lease-namespace", "sluice", "--public-url", "https://hooks.example.com"],
  ];
  return {
    server,
    async start(...more: readonly string[]) {
      const gateway = await startGateway([...args, ...more]);
      gateways.push(gateway);
      return gateway;
    },
    holder: () =>
      (server.objects("Lease")[0]?.["spec"] as { holderIdentity?: string } | undefined)?.holderIdentity,
    /** Has the Lease run out a second after it was last renewed: what stands in it counts, and whoever leads writes 15. */
    shorten() {
      const [lease] = server.objects("Lease");
      assert.ok(lease);
      server.put({ ...lease, spec: { ...(lease["spec"] as object), leaseDurationSeconds: 1 } });
    },
    /** The run that a push makes, as the cluster's controllers see it. */
    async made(gateway: GatewayProcess) {
      const answer = await send(gateway.url, push({ token: "s3cret" }));
      assert.equal(answer.status, 202);
      const id = answer.body["eventID"] ?? "";
      const ours = (object: ApiObject) =>
        object.metadata.labels?.["triggers.tekton.dev/triggers-eventid"] === id;
      const found = await eventually(
        async () => server.objects("PipelineRun").find(ours),
        (one) => one !== undefined,
      );
      if (found === undefined) throw new Error("there is no run");
      return { id, run: found, tell: (now: object) => server.put({ ...found, status: now }) };
    },
    async [Symbol.asyncDispose]() {
      for (const gateway of gateways) await gateway.stop();
      await redis[Symbol.asyncDispose]();
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}

async function phaseOf({ admin }: GatewayProcess, id: string): Promise<string | undefined> {
  const response = await fetch(`${admin}/api/v1/deliveries/${id}`);
  const record = (await response.json()) as DeliveryRecord;
  return record.jobs[0]?.runs[0]?.progress?.phase;
}

/** Samples of a metric: what stands behind its name. */
async function metric({ admin }: GatewayProcess, name: string): Promise<readonly string[]> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return text
    .split("\n")
    .filter((line) => line.startsWith(name))
    .map((line) => line.slice(name.length).trim());
}

/** Without the series that stand at 0 from the start. */
async function counted(gateway: GatewayProcess, name: string): Promise<readonly string[]> {
  return (await metric(gateway, name)).filter((line) => !line.endsWith(" 0"));
}

test("a leader that is killed is succeeded, and no start or end of a run is counted twice or lost", async () => {
  await using t = await open();
  const first = await t.start();
  await eventually(
    () => metric(first, "sluice_leader "),
    ([value]) => value === "1",
  );
  const second = await t.start();
  const going = await t.made(second);
  const over = await t.made(second);
  going.tell(status("Unknown", "Running"));
  over.tell(status("True", "Succeeded"));
  await eventually(
    () => phaseOf(second, going.id),
    (phase) => phase === "running",
  );
  await eventually(
    () => phaseOf(second, over.id),
    (phase) => phase === "succeeded",
  );
  const maker = '{namespace="ci",listener="git",trigger="build"';
  assert.deepEqual(await metric(first, "sluice_runs_in_progress"), [`${maker}} 1`]);
  assert.deepEqual(await counted(first, "sluice_runs_finished_total"), [`${maker},phase="succeeded"} 1`]);
  assert.deepEqual(await metric(second, "sluice_leader "), ["0"]);

  const before = t.holder();
  await first.kill();
  t.shorten();
  going.tell(status("False", "Failed", "task test failed"));
  await eventually(
    () => metric(second, "sluice_leader "),
    ([value]) => value === "1",
  );
  assert.notEqual(t.holder(), before);
  await eventually(
    () => phaseOf(second, going.id),
    (phase) => phase === "failed",
  );
  assert.deepEqual(await counted(second, "sluice_runs_finished_total"), [`${maker},phase="failed"} 1`]);
  assert.deepEqual(await counted(second, "sluice_run_wait_seconds_count"), [], "both had started before");
  await second.stop();
  assert.equal(t.holder(), "", "who stops gives the Lease back");
});

test("the listener's status says where it is served", async () => {
  await using t = await open();
  await t.start();
  const told = await eventually(
    async () =>
      t.server.objects("EventListener")[0]?.["status"] as
        | { address?: object; conditions?: object[] }
        | undefined,
    (now) => now?.conditions !== undefined,
  );
  assert.deepEqual(told?.address, { url: "https://hooks.example.com/ci/git" });
  assert.partialDeepStrictEqual(told?.conditions, [
    { type: "Available", status: "True", reason: "ServedBySluice" },
    { type: "Ready", status: "True" },
  ]);
});

test("a listener of the cluster tells its cloudEventURI what becomes of a delivery", async () => {
  await using t = await open();
  const types: string[] = [];
  const heard = new EventEmitter();
  const broker = createServer((request, response) => {
    types.push(String(request.headers["ce-type"]));
    response.writeHead(202).end();
    request.resume();
    heard.emit("event");
  }).listen(0, "127.0.0.1");
  await once(broker, "listening");
  const { port } = broker.address() as AddressInfo;
  const cloudEventURI = `http://127.0.0.1:${port}/`;
  t.server.put(listener("git", [trigger("build", [github()])], { cloudEventURI }) as unknown as ApiObject);
  const gateway = await t.start("--allow-addresses", `127.0.0.1:${port}`);
  const answer = await send(gateway.url, push({ token: "s3cret" }));
  assert.equal(answer.status, 202);
  while (types.length < 3) await once(heard, "event");
  assert.deepEqual(types.toSorted(), [
    "dev.tekton.event.triggers.done.v1",
    "dev.tekton.event.triggers.started.v1",
    "dev.tekton.event.triggers.successful.v1",
  ]);
  broker.close();
});

test("nothing is asked of a cluster where neither is wanted, and what cannot be is refused at the start", async () => {
  const needs = {
    ledger: {} as never,
    plans: { find: () => undefined },
    inProgress: createInProgress(),
    tell: () => {},
  };
  const lead = (flags: object) => openLead({ settings: loadSettings({ flags: { ...flags } }), ...needs });
  assert.equal(lead({}), undefined);
  assert.equal(
    lead({ create: "directory:runs", followRuns: "auto", fromCluster: true, announce: "none" }),
    undefined,
  );
  assert.equal(lead({ create: "dry-run", fromCluster: true, kubeconfig: "x" }), undefined);
  const reason = (pattern: RegExp) => ({ code: "SLUICE_CONFIG_INVALID", message: pattern });
  assert.throws(
    () => lead({ create: "directory:runs", followRuns: "on" }),
    reason(/only where objects are created/),
  );
  assert.throws(
    () => lead({ fromCluster: true, announce: "services", kubeconfig: "x" }),
    reason(/--gateway-service/),
  );
});
