/** `sluice shadow`, on a gateway that creates nothing and an API server that holds what Tekton would have made of the same. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { loadSettings } from "../../src/config/load.ts";
import { type Gateway, startGateway } from "../../src/main.ts";
import { type ApiServer, startApiServer } from "../helpers/api-server.ts";
import { listen, yamlOf } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { cel, listener, OPEN, trigger } from "../helpers/objects.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";
import { sluice } from "./helper.ts";

const TOKEN = "an-example-0123456789";
/** Beyond the edge of what had to be heard when the gateway started. */
const LATER_MS = 60_000;

interface Report {
  readonly ok: boolean;
  readonly score: number | null;
  readonly same: number;
  readonly different: readonly { readonly differences: readonly { readonly path: string }[] }[];
  readonly onlyHere: readonly { readonly trigger: string }[];
  readonly onlyThere: readonly { readonly name: string }[];
  readonly added: Readonly<Record<string, number>>;
}

describe("shadow mode", () => {
  const folder = temporaryFolder();
  const ear = listen();
  const refs = ["main", "dev", "release"] as const;
  let redis: RedisServer;
  let cluster: ApiServer;
  let gateway: Gateway;
  let kubeconfig: string;

  before(async () => {
    const users = new Map([["nobody-token", "system:serviceaccount:ci:nobody"]]);
    [redis, cluster] = await Promise.all([
      startRedis({ appendfsync: "no" }),
      startApiServer({ namespaces: ["ci"], rbac: true, users }),
    ]);
    kubeconfig = cluster.writeKubeconfig(join(folder.path, "kubeconfig"));
    const objects = join(folder.path, "objects.yaml");
    writeFileSync(objects, yamlOf([listener("git", [trigger("build", [cel("!has(body.skip)")])], OPEN)]));
    const flags = {
      ...{ config: [objects], create: "dry-run", store: redis.url, durability: "relaxed" },
      ...{ listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: TOKEN },
    };
    gateway = await startGateway(loadSettings({ flags }), { color: false, log: false, listener: ear.tell });
    for (const body of [...refs.map((ref) => ({ ref })), { ref: "main", skip: true }]) {
      const headers = { "content-type": "application/json" };
      const request = { method: "POST", body: JSON.stringify(body), headers };
      assert.equal((await fetch(`${gateway.listen}/ci/git`, request)).status, 202);
    }
    await ear.heard(() => ear.facts.filter(({ type }) => type === "run.created").length === refs.length);
  });
  after(async () => {
    await gateway.stop("the test is over");
    await cluster[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });
  beforeEach(() => cluster.clearObjects());

  /** A run as Tekton makes it, with what its pipeline controller adds. */
  function tekton(ref: string, { name = `build-${randomUUID().slice(0, 5)}`, later = 0 } = {}): void {
    const run = {
      ...{ apiVersion: "tekton.dev/v1", kind: "PipelineRun" },
      metadata: {
        ...{ generateName: "build-", name, namespace: "ci" },
        labels: {
          "triggers.tekton.dev/eventlistener": "git",
          "triggers.tekton.dev/trigger": "build",
          "triggers.tekton.dev/triggers-eventid": randomUUID(),
          "tekton.dev/pipeline": "build",
        },
      },
      spec: {
        ...{ pipelineRef: { name: "build" }, params: [{ name: "ref", value: ref }] },
        ...{ timeouts: { pipeline: "1h0m0s" }, taskRunTemplate: { serviceAccountName: "default" } },
      },
      status: { startTime: new Date().toISOString() },
    };
    cluster.put(run);
    // Its task, which inherits the labels.
    const owner = { apiVersion: run.apiVersion, kind: run.kind, name, uid: randomUUID(), controller: true };
    const task = { ...run.metadata, name: `${name}-tell`, ownerReferences: [owner] };
    cluster.put({ ...run, kind: "TaskRun", metadata: task });
    const creationTimestamp = new Date(Date.now() + later).toISOString();
    cluster.put({ ...run, metadata: { ...run.metadata, creationTimestamp } });
  }

  const compare = (...args: readonly string[]) =>
    sluice(["shadow", "--gateway", gateway.admin, "--kubeconfig", kubeconfig, ...args], {
      SLUICE_ADMIN_TOKEN: TOKEN,
    });
  async function report(...args: readonly string[]) {
    const until = String(Date.now() + 2 * LATER_MS);
    const { code, stdout, stderr } = await compare("--until", until, "-o", "json", ...args);
    assert.ok(stdout.startsWith("{"), stderr);
    return { code, ...(JSON.parse(stdout) as Report) };
  }

  test("the same of every delivery is full parity, and what the cluster added is shown", async () => {
    for (const ref of refs) tekton(ref);
    const { code, score, same, added, ...rest } = await report();
    assert.deepEqual([code, score, same], [0, 1, 3]);
    assert.deepEqual([rest.different, rest.onlyHere, rest.onlyThere], [[], [], []]);
    assert.equal(added["spec.timeouts"], 3);
    const { code: exit, stdout } = await compare();
    assert.equal(exit, 0);
    assert.match(stdout, /✓ parity 100 % of 3 runs/);
    assert.match(stdout, /taken for the cluster's defaults: .*spec\.timeouts \(3\)/);
  });

  test("what differs, what was lost there and what only the other made is listed, and the answer is no", async () => {
    tekton("main");
    tekton("refs/heads/dev");
    tekton("else", { name: "build-extra", later: LATER_MS });
    tekton("and else", { name: "build-more", later: LATER_MS });
    const { code, ok, score, same, different, onlyHere, onlyThere } = await report("--within", "50s");
    assert.deepEqual([code, ok, score, same], [1, false, 0.2, 1]);
    assert.deepEqual(
      different.map(({ differences }) => differences.map(({ path }) => path)),
      [["spec.params[0].value"]],
    );
    assert.deepEqual(
      onlyHere.map(({ trigger }) => trigger),
      ["build"],
    );
    assert.deepEqual(onlyThere.map(({ name }) => name).sort(), ["build-extra", "build-more"]);
    const until = String(Date.now() + 2 * LATER_MS);
    const { stdout } = await compare("--until", until, "--within", "50s");
    assert.match(stdout, /spec\.params\[0\]\.value: "dev" here, "refs\/heads\/dev" there/);
    assert.match(stdout, /only there PipelineRun ci\/build-extra of git build/);
    assert.match(stdout, /✗ parity 20 % of 5 runs, expected 100 %/);
    assert.equal((await report("--within", "50s", "--threshold", "20")).code, 0);
  });

  test("only one listener, or one namespace, may be looked at", async () => {
    for (const ref of refs) tekton(ref);
    assert.equal((await report("--listener", "git", "--namespace", "ci")).same, 3);
    for (const narrowed of [
      ["--listener", "other"],
      ["--namespace", "other"],
    ]) {
      const { code, score } = await report(...narrowed);
      assert.deepEqual([code, score], [1, null], "nothing to compare is no yes");
    }
  });

  test("files stand in for either side", async () => {
    for (const ref of refs) tekton(ref);
    const dump = join(folder.path, "tekton.json");
    writeFileSync(
      dump,
      JSON.stringify({ apiVersion: "v1", kind: "List", items: cluster.objects("PipelineRun") }),
    );
    cluster.clearObjects();
    assert.equal((await report("--there", dump)).same, 3);
    const both = await sluice(["shadow", "--here", dump, "--there", dump, "-o", "json"], {});
    assert.equal(both.code, 1, "the same ids on both sides are not two sides");
    const missing = await sluice(["shadow", "--here", join(folder.path, "no"), "--there", dump], {});
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /no does not exist/);
  });

  test("who may not list runs is told what to grant, and gets no verdict", async () => {
    const path = join(folder.path, "nobody");
    writeFileSync(path, cluster.kubeconfig({ token: "nobody-token" }));
    const { code, stdout, stderr } = await compare("--kubeconfig", path);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /apis\/tekton\.dev\/v1\/pipelineruns: 403/);
    assert.match(stderr, /--namespace/);
    assert.equal(stdout, "");
  });

  test("what is asked wrongly is refused before anything is asked", async () => {
    for (const [option, value, expected] of [
      ["--within", "soon", /--within: expected a time such as 10m/],
      ["--threshold", "101", /--threshold: expected a number from 0 to 100/],
      ["--since", "yesterday", /--since: expected/],
    ] as const) {
      const { code, stderr } = await compare(option, value);
      assert.equal(code, 2);
      assert.match(stderr, expected);
    }
  });

  test("a gateway that decides alone has created nothing", () => {
    const posted = cluster.requests.filter(({ method }) => method !== "GET");
    assert.deepEqual(posted, []);
  });
});
