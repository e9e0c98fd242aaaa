/** The test API server against the official client: what other tests stand on must be like the real thing. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import {
  type ApiException,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  type V1ConfigMap,
  type V1Status,
  Watch,
} from "@kubernetes/client-node";
import type { ApiServer } from "../api-server.ts";
import { startApiServer } from "../api-server.ts";
import { temporaryFolder } from "../folder.ts";

let server: ApiServer;
let config: KubeConfig;
let core: CoreV1Api;
let objects: KubernetesObjectApi;

before(async () => {
  server = await startApiServer({ namespaces: ["ci", "lists"] });
  config = new KubeConfig();
  config.loadFromString(server.kubeconfig());
  core = config.makeApiClient(CoreV1Api);
  objects = KubernetesObjectApi.makeApiClient(config);
});
after(() => server.stop());

const configMap = (name: string, namespace = "ci", labels: Record<string, string> = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace, labels },
});

/** The Status body of a refused call. */
async function refusal(call: Promise<unknown>): Promise<V1Status> {
  const thrown = await call.then(
    () => assert.fail("it was not refused"),
    (error: ApiException<string | V1Status>) => error,
  );
  const body = typeof thrown.body === "string" ? (JSON.parse(thrown.body) as V1Status) : thrown.body;
  assert.equal(body.kind, "Status");
  assert.equal(body.status, "Failure");
  assert.equal(body.code, thrown.code);
  return body;
}

test("created objects get uid, creationTimestamp and resourceVersion", async () => {
  const { metadata }: V1ConfigMap = await objects.create<V1ConfigMap>(configMap("one"));
  assert.match(metadata?.uid ?? "", /^[0-9a-f-]{36}$/);
  assert.match(metadata?.resourceVersion ?? "", /^\d+$/);
  assert.ok(metadata?.creationTimestamp instanceof Date);
  const read = await core.readNamespacedConfigMap({ name: "one", namespace: "ci" });
  assert.equal(read.metadata?.uid, metadata?.uid);
});

test("generateName is completed by five signs", async () => {
  const body = { metadata: { generateName: "gen-" } };
  const { metadata } = await core.createNamespacedConfigMap({
    namespace: "ci",
    body: { apiVersion: "v1", kind: "ConfigMap", ...body },
  });
  assert.match(metadata?.name ?? "", /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test("a name that is taken answers 409 AlreadyExists", async () => {
  await objects.create(configMap("taken"));
  const status = await refusal(objects.create(configMap("taken")));
  assert.partialDeepStrictEqual(status, {
    code: 409,
    reason: "AlreadyExists",
    message: 'configmaps "taken" already exists',
    details: { name: "taken", kind: "configmaps" },
  });
});

test("a namespace that is missing answers 404 about namespaces", async () => {
  const status = await refusal(objects.create(configMap("one", "nowhere")));
  assert.partialDeepStrictEqual(status, {
    code: 404,
    reason: "NotFound",
    message: 'namespaces "nowhere" not found',
    details: { name: "nowhere", kind: "namespaces" },
  });
});

test("an invalid name answers 422 with its cause", async () => {
  const status = await refusal(objects.create(configMap("Upper")));
  assert.partialDeepStrictEqual(status, {
    code: 422,
    reason: "Invalid",
    details: { name: "Upper", kind: "ConfigMap" },
  });
  assert.partialDeepStrictEqual(status.details?.causes?.[0], {
    reason: "FieldValueInvalid",
    field: "metadata.name",
  });
});

test("an unknown token answers 401, whatever is asked", async () => {
  const stranger = new KubeConfig();
  stranger.loadFromString(server.kubeconfig({ token: "nobody" }));
  const status = await refusal(KubernetesObjectApi.makeApiClient(stranger).list("v1", "Namespace"));
  assert.partialDeepStrictEqual(status, { code: 401, reason: "Unauthorized", message: "Unauthorized" });
});

test("an object that changed meanwhile answers 409 Conflict", async () => {
  const first = await core.createNamespacedConfigMap({
    namespace: "ci",
    body: { ...configMap("edit"), data: { a: "1" } },
  });
  await core.replaceNamespacedConfigMap({
    name: "edit",
    namespace: "ci",
    body: { ...first, data: { a: "2" } },
  });
  const late = core.replaceNamespacedConfigMap({
    name: "edit",
    namespace: "ci",
    body: { ...first, data: { a: "3" } },
  });
  assert.partialDeepStrictEqual(await refusal(late), { code: 409, reason: "Conflict" });
  const read = await core.readNamespacedConfigMap({ name: "edit", namespace: "ci" });
  assert.deepEqual(read.data, { a: "2" });
});

test("lists are selected by labels and come in pages", async () => {
  for (let i = 0; i < 5; i++)
    await objects.create(configMap(`m${i}`, "lists", { i: String(i), odd: String(i % 2) }));
  const names = async (labelSelector: string) => {
    const { items } = await core.listNamespacedConfigMap({ namespace: "lists", labelSelector });
    return items.map(({ metadata }) => metadata?.name).join(" ");
  };
  assert.equal(await names("odd=1"), "m1 m3");
  assert.equal(await names("odd!=1,i!=0"), "m2 m4");
  assert.equal(await names("i in (0, 3),odd"), "m0 m3");
  assert.equal(await names("i notin (0,3),!missing"), "m1 m2 m4");
  assert.equal(await names("missing"), "");
  assert.equal((await refusal(names("a in"))).code, 400);
  const pages: number[] = [];
  let next: string | undefined;
  do {
    const page = await core.listNamespacedConfigMap({
      namespace: "lists",
      limit: 2,
      ...(next && { _continue: next }),
    });
    pages.push(page.items.length);
    next = page.metadata?._continue;
  } while (next);
  assert.deepEqual(pages, [2, 2, 1]);
});

test("versions of one kind share their objects", async () => {
  const custom = config.makeApiClient(CustomObjectsApi);
  const at = { group: "tekton.dev", namespace: "ci", plural: "pipelineruns" };
  const body = { apiVersion: "tekton.dev/v1beta1", kind: "PipelineRun", metadata: { name: "shared" } };
  await custom.createNamespacedCustomObject({ ...at, version: "v1beta1", body });
  const read = await custom.getNamespacedCustomObject({ ...at, version: "v1", name: "shared" });
  assert.partialDeepStrictEqual(read, { apiVersion: "tekton.dev/v1", metadata: { name: "shared" } });
});

test("a deleted namespace takes its objects along", async () => {
  await core.createNamespace({ body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "brief" } } });
  await objects.create(configMap("inside", "brief"));
  await core.deleteNamespace({ name: "brief" });
  assert.deepEqual(
    server.objects("ConfigMap").filter(({ metadata }) => metadata.namespace === "brief"),
    [],
  );
});

test("a watch hears of what comes, changes and goes", async () => {
  const heard: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const version = (await core.listNamespacedSecret({ namespace: "ci" })).metadata?.resourceVersion ?? "";
  const controller = await new Watch(config).watch(
    "/api/v1/namespaces/ci/secrets",
    { resourceVersion: version },
    (phase: string, object: { metadata: { name: string } }) => {
      heard.push(`${phase} ${object.metadata.name}`);
      if (phase === "DELETED") resolve();
    },
    () => {},
  );
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "ci" } };
  server.put(secret);
  server.put({ ...secret, data: { a: "Yg==" } });
  server.put({ ...secret, metadata: { name: "elsewhere", namespace: "default" } });
  server.remove("Secret", "ci", "s");
  await promise;
  controller.abort();
  assert.deepEqual(heard, ["ADDED s", "MODIFIED s", "DELETED s"]);
});

test("who asked, and in whose name, is on record", async () => {
  const other = new KubeConfig();
  other.loadFromString(
    server.kubeconfig().replace(/( +)token: .*/, "$&\n$1as: system:serviceaccount:ci:bot"),
  );
  await other.makeApiClient(CoreV1Api).listNamespace();
  assert.partialDeepStrictEqual(server.requests.at(-1), {
    method: "GET",
    path: "/api/v1/namespaces",
    user: "sluice-test",
    impersonated: "system:serviceaccount:ci:bot",
    status: 200,
  });
});

test("as a process it says where it is and obeys the control endpoint", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "kubeconfig");
  const main = join(import.meta.dirname, "main.ts");
  const args = [main, "--kubeconfig", path, "--namespace", "ci", "--exit-with-stdin"];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { url, kubeconfig } = JSON.parse(line) as { url: string; kubeconfig: string };
  assert.equal(kubeconfig, path);
  const remote = new KubeConfig();
  remote.loadFromFile(path);
  const client = KubernetesObjectApi.makeApiClient(remote);
  const control = async (method: string, verb: string, body?: object): Promise<unknown> => {
    const cluster = remote.getCurrentCluster();
    const { request } = await import("node:https");
    const ca = Buffer.from(cluster?.caData ?? "", "base64");
    const outgoing = request(`${url}/__control/${verb}`, { method, ca, agent: false });
    outgoing.end(body && JSON.stringify(body));
    const [response] = await once(outgoing, "response");
    return JSON.parse(Buffer.concat(await response.toArray()).toString());
  };
  await control("POST", "faults", {
    method: "POST",
    action: { type: "status", status: 503, retryAfter: "1" },
  });
  const status = await refusal(client.create(configMap("far")));
  assert.partialDeepStrictEqual(status, { code: 503, reason: "ServiceUnavailable" });
  await client.create(configMap("far"));
  assert.deepEqual(await control("GET", "objects?kind=ConfigMap"), { count: 1, names: ["ci/far"] });
  assert.partialDeepStrictEqual(await control("GET", "requests"), { byStatus: { 201: 1, 503: 1 } });
  const exited = once(child, "exit");
  child.stdin.end();
  assert.deepEqual(await exited, [0, null]);
});
