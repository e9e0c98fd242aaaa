/** What operators are told of jobs that are not created yet: the target that is away, the pause, the next try. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { QueueReport } from "../../src/admin/services.ts";
import { createConsole } from "../../src/cli/console.ts";
import { printRecord } from "../../src/cli/delivery-record.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { DeliveryRecord, DeliverySummary, JobRecord, Page } from "../../src/core/ledger.ts";
import { type Gateway, startGateway } from "../../src/main.ts";
import { type ApiServer, startApiServer } from "../helpers/api-server.ts";
import { listen, yamlOf } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { listener, OPEN, trigger } from "../helpers/objects.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";
import { attemptOf, jobsIn, newDelivery } from "../storage/ledger/samples.ts";
import { remembered, sluice } from "./helper.ts";

const TOKEN = "an-example-0123456789";
const AWAY = /target kubernetes http\S+ is away since 20\S+Z: \S/;

describe("while the API server is down", () => {
  const folder = temporaryFolder();
  const ear = listen();
  let redis: RedisServer;
  let server: ApiServer;
  let gateway: Gateway;
  let there: readonly string[];
  before(async () => {
    redis = await startRedis({ appendfsync: "no" });
    server = await startApiServer({ namespaces: ["ci"] });
    const kubeconfig = server.writeKubeconfig(join(folder.path, "kubeconfig"));
    await server.stop();
    const objects = join(folder.path, "objects.yaml");
    writeFileSync(objects, yamlOf([listener("git", [trigger("build")], OPEN)]));
    const flags = {
      ...{ config: [objects], create: "kubernetes", kubeconfig, store: redis.url, adminToken: TOKEN },
      ...{ listen: "127.0.0.1:0", admin: "127.0.0.1:0", durability: "relaxed" },
    };
    gateway = await startGateway(loadSettings({ flags }), { color: false, log: false, listener: ear.tell });
    there = ["--gateway", gateway.admin, "--admin-token", TOKEN];
    const headers = { "content-type": "application/json" };
    const sent = await fetch(`${gateway.listen}/ci/git`, { method: "POST", body: '{"ref":"x"}', headers });
    assert.equal(sent.status, 202);
    await ear.heard(({ type }) => type === "target.away");
  });
  after(async () => {
    await gateway.stop("the test is over");
    await server[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function good(...args: readonly string[]) {
    const outcome = await sluice(args);
    assert.equal(outcome.code, 0, outcome.stderr);
    return outcome;
  }

  test("the queue says which target is away, since when and why, and does not call that working", async () => {
    const { stdout } = await good("queue", ...there);
    assert.match(stdout, AWAY);
    assert.doesNotMatch(stdout, /working/);
    assert.match(stdout, /^0 tried in the last minute by the gateway that was asked$/m);
    const report = JSON.parse((await good("queue", ...there, "-o", "json")).stdout) as QueueReport;
    assert.deepEqual(
      report.targets?.map(({ away }) => away),
      [true],
    );
  });

  test("lists and single deliveries say it too", async () => {
    const list = await good("deliveries", ...there);
    assert.match(list.stderr, AWAY);
    const { items } = JSON.parse(
      (await good("deliveries", ...there, "-o", "json")).stdout,
    ) as Page<DeliverySummary>;
    const [item = assert.fail("nothing came")] = items;
    const shown = await good("deliveries", "show", item.id, ...there);
    assert.match(shown.stdout, AWAY);
    await good("queue", "pause", "--reason", "upgrade", ...there);
    const paused = await good("deliveries", "show", item.id, ...there);
    assert.match(paused.stdout, /waits +the queue is paused since \S+.*: upgrade; target .* is away/);
    await good("queue", "resume", ...there);
  });

  test("whoever asks the store alone is told that it cannot know, and no rate is made up", async () => {
    const { stdout } = await good("queue", "--store", redis.url);
    assert.match(stdout, /^not paused; whether its target answers, only a gateway that creates knows/m);
    assert.doesNotMatch(stdout, /working|last minute/);
  });
});

describe("what is pending", () => {
  const { delivery, decisions = [], facts } = newDelivery({ decided: "m" });
  const [job = assert.fail("no job")] = jobsIn({ delivery, decisions, facts });
  const idle = { waiting: 3, active: 1, delayed: 0, oldestMs: 5, dueMs: 5, paused: false };

  function shown(report: QueueReport, change: Partial<JobRecord> = {}): string {
    return waitsOf(report, { jobs: [{ job, state: "pending", attempts: [], runs: [], ...change }] });
  }

  function waitsOf(report: QueueReport, change: Partial<DeliveryRecord>): string {
    const { body: _, ...request } = delivery;
    const record: DeliveryRecord = {
      ...{ ...request, ...facts, size: 2, outcome: "pending", reason: "", runs: [], decided: true },
      ...{ decisions: [], jobs: [], ...change },
    };
    const { said, streams } = remembered();
    printRecord(createConsole(streams, false), record, report);
    return /^ {2}waits +(.*)$/m.exec(said.stdout)?.[1] ?? "";
  }

  test("a job is shown with the time of its next try", () => {
    const tried = attemptOf(job, 1, "retry");
    assert.equal(shown(idle, { attempts: [tried] }), "next try at 2026-01-01T00:00:01.500Z");
  });

  test("a job waits for its own cluster and for no other", () => {
    const home = { name: "kubernetes https://home", away: false };
    const west = { name: "cluster west", cluster: "west", away: true, reason: "gone" };
    const report = { ...idle, targets: [home, west] };
    assert.equal(shown(report), "for its turn: 3 waiting, 1 in hand");
    assert.equal(shown(report, { job: { ...job, cluster: "west" } }), "target cluster west is away: gone");
  });

  test("a delivery that nobody has decided waits for the end of a pause", () => {
    const note = { at: Date.UTC(2026, 0, 1), actor: "ann", reason: "upgrade" };
    const said = "the queue is paused since 2026-01-01T00:00:00.000Z by ann: upgrade";
    assert.equal(waitsOf({ ...idle, paused: true, note }, { decided: false }), said);
    assert.equal(waitsOf(idle, { decided: false }), "");
  });

  test("a job that is created waits for nothing", () => {
    assert.equal(shown(idle, { state: "created" }), "");
  });
});
