/** What the Kubernetes target makes of trouble: every kind that the test API server can give on demand. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import type { CreateAnswer, KubernetesObject, Target } from "../../../src/core/job.ts";
import { createKubernetesTarget } from "../../../src/dispatch/create/kubernetes.ts";
import { jobOf, pipelineRun, runOf } from "../../contracts/target.ts";
import type { ApiServer } from "../../helpers/api-server.ts";
import { startApiServer } from "../../helpers/api-server.ts";
import { temporaryFolder } from "../../helpers/folder.ts";

const folder = temporaryFolder();
let server: ApiServer;
let target: Target;
/** Gives up soon: for servers that hang. */
let hasty: Target;

before(async () => {
  server = await startApiServer({ namespaces: ["ci"] });
  const kubeconfig = server.writeKubeconfig(join(folder.path, "kubeconfig"));
  const maxBytes = 64 * 1024;
  target = createKubernetesTarget({ kubeconfig, limits: { timeoutMs: 30_000, maxBytes } });
  hasty = createKubernetesTarget({ kubeconfig, limits: { timeoutMs: 300, maxBytes } });
});
afterEach(async () => {
  server.clearFaults();
  await server.start();
});
after(async () => {
  await target.close();
  await hasty.close();
  await server.stop();
  folder[Symbol.dispose]();
});

const create = (object: KubernetesObject): Promise<CreateAnswer> => target.create(object, jobOf("d", "ci"));
const RUNS = "/apis/tekton.dev/v1/namespaces/ci/pipelineruns";

test("an answer that is lost after the work was done is found again, and there is one object", async () => {
  const object = pipelineRun("d", "ci");
  server.fault({ method: "POST", path: RUNS, times: 2, action: { type: "drop", when: "after" } });
  const first = await create(object);
  assert.partialDeepStrictEqual(first, {
    outcome: "failed",
    retry: "soon",
    code: "SLUICE_CREATE_UNREACHABLE",
  });
  server.clearFaults();
  assert.equal(runOf(await create(object)).outcome, "exists");
  const there = server
    .objects("PipelineRun")
    .filter(({ metadata }) => metadata.name === object.metadata.name);
  assert.equal(there.length, 1);
});

test("a kept connection that breaks once is replaced within the call", async () => {
  runOf(await create(pipelineRun("d", "ci")));
  server.fault({ method: "POST", path: RUNS, action: { type: "drop", when: "before" } });
  assert.equal(runOf(await create(pipelineRun("d", "ci"))).outcome, "created");
  runOf(await create(pipelineRun("d", "ci")));
  server.fault({ method: "POST", path: RUNS, action: { type: "drop", when: "after" } });
  assert.equal(runOf(await create(pipelineRun("d", "ci"))).outcome, "exists");
});

test("a connection that breaks before the work is tried again soon", async () => {
  const object = pipelineRun("d", "ci");
  server.fault({ method: "POST", path: RUNS, times: 0, action: { type: "drop", when: "before" } });
  const answer = await create(object);
  assert.partialDeepStrictEqual(answer, {
    outcome: "failed",
    retry: "soon",
    code: "SLUICE_CREATE_UNREACHABLE",
  });
  server.clearFaults();
  assert.equal(runOf(await create(object)).outcome, "created");
});

for (const when of ["before", "after"] as const) {
  test(`a server that hangs ${when} the work is given up after the deadline`, async () => {
    const object = pipelineRun("d", "ci");
    server.fault({ method: "POST", path: RUNS, action: { type: "hang", when } });
    const answer = await hasty.create(object, jobOf("d", "ci"));
    assert.partialDeepStrictEqual(answer, {
      outcome: "failed",
      retry: "soon",
      code: "SLUICE_CREATE_UNREACHABLE",
    });
    assert.match(answer.outcome === "failed" ? answer.reason : "", /no answer in 300 ms/);
    assert.equal(runOf(await create(object)).outcome, when === "after" ? "exists" : "created");
  });
}

test("a server that is down is tried again soon, and taken up again on the same port", async () => {
  const object = pipelineRun("d", "ci");
  await server.stop();
  const answer = await create(object);
  assert.partialDeepStrictEqual(answer, {
    outcome: "failed",
    retry: "soon",
    code: "SLUICE_CREATE_UNREACHABLE",
  });
  await assert.rejects(target.ready(), { code: "SLUICE_CREATE_UNREACHABLE" });
  await server.start();
  await target.ready();
  assert.equal(runOf(await create(object)).outcome, "created");
});

test("429 with Retry-After says how long", async () => {
  server.fault({ method: "POST", path: RUNS, action: { type: "status", status: 429, retryAfter: "2" } });
  const answer = await create(pipelineRun("d", "ci"));
  assert.partialDeepStrictEqual(answer, { retry: "soon", code: "SLUICE_CREATE_BUSY", after: 2_000 });
});

test("a missing namespace is tried slowly", async () => {
  const answer = await create(pipelineRun("d", "nowhere"));
  assert.partialDeepStrictEqual(answer, { retry: "slow", code: "SLUICE_CREATE_NAMESPACE" });
});

test("an object that the server finds invalid is dead, with the field named", async () => {
  const answer = await create(pipelineRun("d", "ci", "Not_A_Name"));
  assert.partialDeepStrictEqual(answer, { retry: "never", code: "SLUICE_CREATE_REFUSED" });
  assert.match(answer.outcome === "failed" ? answer.reason : "", /metadata\.name/);
});

for (const [what, object] of [
  ["namespace", pipelineRun("d", "../../evil")],
  ["name", pipelineRun("d", "ci", "../secrets/x")],
  ["apiVersion", { ...pipelineRun("d", "ci"), apiVersion: "v1/../../healthz" }],
] as const) {
  test(`a hostile ${what} is refused before anything is sent`, async () => {
    server.clearRequests();
    assert.partialDeepStrictEqual(await create(object), { retry: "never", code: "SLUICE_CREATE_REFUSED" });
    assert.deepEqual(server.requests, []);
  });
}

test("an object that vanished between the two looks is tried again", async () => {
  const object = pipelineRun("d", "ci");
  runOf(await create(object));
  server.fault({
    method: "GET",
    path: object.metadata.name,
    action: { type: "status", status: 404, details: { name: object.metadata.name, kind: "pipelineruns" } },
  });
  assert.partialDeepStrictEqual(await create(object), { retry: "soon", code: "SLUICE_CREATE_BUSY" });
});

test("an answer beyond the cap is not read", async () => {
  const body = "x".repeat(200_000);
  server.fault({ method: "POST", path: RUNS, action: { type: "status", status: 422, body } });
  const answer = await create(pipelineRun("d", "ci"));
  assert.partialDeepStrictEqual(answer, { retry: "soon", code: "SLUICE_CREATE_UNREACHABLE" });
});

test("two hundred creates share their connections", async () => {
  server.clearRequests();
  for (let round = 0; round < 8; round++) {
    await Promise.all(Array.from({ length: 25 }, () => create(pipelineRun("d", "ci")).then(runOf)));
  }
  const connections = new Set(server.requests.map((request) => request.clientPort));
  assert.equal(server.requests.length, 200);
  assert.ok(connections.size <= 26, `${connections.size} connections for 200 requests`);
});
