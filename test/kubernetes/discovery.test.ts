/** Discovery through the Kubernetes target: how often it asks, and how it learns of new kinds. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createKubernetesTarget } from "../../src/dispatch/create/kubernetes.ts";
import { createApi } from "../../src/kubernetes/api.ts";
import { createDiscovery } from "../../src/kubernetes/discovery.ts";
import { jobOf, labelsOf, pipelineRun, runOf } from "../contracts/target.ts";
import type { ApiServer } from "../helpers/api-server.ts";
import { openTestServer } from "../helpers/cluster.ts";

async function open() {
  const cluster = await openTestServer();
  const { server, session, kubeconfig } = cluster;
  let now = 0;
  const discovery = createDiscovery(createApi(session), () => now);
  return {
    server,
    kubeconfig,
    discovery,
    pass: (ms: number) => {
      now += ms;
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

const asked = (server: ApiServer, path: string): number =>
  server.requests.filter((request) => request.path === path).length;

const PIPELINES = {
  group: "example.dev",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  namespaced: true,
};

test("an API version is asked for once, however many wait for it", async () => {
  await using t = await open();
  const found = await Promise.all(
    ["PipelineRun", "TaskRun", "PipelineRun", "Task"].map((kind) => t.discovery.find("tekton.dev/v1", kind)),
  );
  assert.deepEqual(found[0], { outcome: "found", resource: { name: "pipelineruns", namespaced: true } });
  assert.deepEqual(found[1], { outcome: "found", resource: { name: "taskruns", namespaced: true } });
  assert.equal(asked(t.server, "/apis/tekton.dev/v1"), 1);
});

test("the core group lies elsewhere, and cluster-scoped kinds are told apart", async () => {
  await using t = await open();
  const found = await t.discovery.find("v1", "Namespace");
  assert.deepEqual(found, { outcome: "found", resource: { name: "namespaces", namespaced: false } });
});

test("a missing kind is looked for again at most every ten seconds, and found once it is installed", async () => {
  await using t = await open();
  const find = () => t.discovery.find("example.dev/v1", "Widget");
  for (let i = 0; i < 5; i++) assert.equal((await find()).outcome, "missing");
  assert.equal(asked(t.server, "/apis/example.dev/v1"), 1);
  t.server.register(PIPELINES);
  t.pass(9_999);
  assert.equal((await find()).outcome, "missing");
  t.pass(1);
  const outcomes = await Promise.all([find(), find(), find()]);
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome),
    ["found", "found", "found"],
  );
  assert.equal(asked(t.server, "/apis/example.dev/v1"), 2);
});

test("a refusal is not remembered", async () => {
  await using t = await open();
  t.server.fault({ path: "/apis/tekton.dev/v1", action: { type: "status", status: 503 } });
  assert.equal((await t.discovery.find("tekton.dev/v1", "Task")).outcome, "refused");
  assert.equal((await t.discovery.find("tekton.dev/v1", "Task")).outcome, "found");
});

test("a kind whose definition was deleted is asked for again", async () => {
  await using t = await open();
  const target = createKubernetesTarget({ kubeconfig: t.kubeconfig });
  runOf(await target.create(pipelineRun("d", "ci"), jobOf("d", "ci")));
  t.server.unregister("tekton.dev/v1", "PipelineRun");
  const gone = await target.create(pipelineRun("d", "ci"), jobOf("d", "ci"));
  assert.partialDeepStrictEqual(gone, { retry: "slow", code: "SLUICE_CREATE_KIND" });
  t.server.register({
    group: "tekton.dev",
    version: "v1",
    kind: "PipelineRun",
    plural: "reborn",
    namespaced: true,
  });
  runOf(await target.create(pipelineRun("d", "ci"), jobOf("d", "ci")));
  assert.equal(t.server.requests.at(-1)?.path, "/apis/tekton.dev/v1/namespaces/ci/reborn");
  await target.close();
});

test("cluster-scoped objects are created without a namespace", async () => {
  await using t = await open();
  const target = createKubernetesTarget({ kubeconfig: t.kubeconfig });
  const labels = labelsOf("d");
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: "preview-1", labels } };
  const run = runOf(await target.create(object, jobOf("d", "ci")));
  assert.equal(run.namespace, "");
  assert.equal(runOf(await target.create(object, jobOf("d", "ci"))).outcome, "exists");
  await target.close();
});
