/** What an API server answers to what we send: facts that our code and our test server stand on, held against a real one. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Answered, Sent } from "../helpers/api-client.ts";
import { duringSuite, type TestCluster } from "../helpers/cluster.ts";

export const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const METADATA_LIST = METADATA.replace("PartialObjectMetadata", "PartialObjectMetadataList");

export const configMap = (name: string, more: object = {}, metadata: object = {}): object => ({
  ...{ apiVersion: "v1", kind: "ConfigMap" },
  ...{ metadata: { name, ...metadata }, ...more },
});

export const pipelineRun = (name: string, more: object = {}, metadata: object = {}): object => ({
  ...{ apiVersion: "tekton.dev/v1", kind: "PipelineRun" },
  ...{ metadata: { name, ...metadata }, spec: { pipelineRef: { name: "ci" } }, ...more },
});

/** Says what an answer is to be, by its parts that count. */
export function answers(answer: Answered, status: number, body: object): void {
  assert.equal(answer.status, status, JSON.stringify(answer.body).slice(0, 1_000));
  assert.partialDeepStrictEqual(answer.body, body);
}

export function apiServerContract(name: string, open: () => Promise<TestCluster>): void {
  describe(`${name} answers as an API server`, () => {
    const t = duringSuite(open);
    const post = (path: string, body: object | string, sent: Sent = {}): Promise<Answered> =>
      t.client.send("POST", path, { body, ...sent });

    test("what is created gets uid, resourceVersion and time; a generation only where there is a spec", async () => {
      const { namespace } = t;
      for (const [path, object, generation] of [
        [t.maps, configMap("made"), undefined],
        [t.runs, pipelineRun("made"), 1],
      ] as const) {
        const answer = await post(path, object);
        answers(answer, 201, { ...object, metadata: { name: "made", namespace } });
        assert.match(answer.body.metadata.uid, /^[0-9a-f-]{36}$/);
        assert.match(answer.body.metadata.resourceVersion, /^[1-9]\d*$/);
        assert.match(answer.body.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        assert.equal(answer.body.metadata.generation, generation);
      }
    });

    test("who asks for metadata alone gets no more, of one and of many", async () => {
      const one = await post(t.runs, pipelineRun("slim"), { accept: METADATA });
      answers(one, 201, { apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadata" });
      assert.equal(one.body.spec, undefined);
      const many = await t.client.send("GET", `${t.runs}?limit=1`, { accept: METADATA_LIST });
      answers(many, 200, { apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadataList" });
      assert.equal(many.body.items[0].spec, undefined);
      assert.equal(many.body.items[0].kind, "PartialObjectMetadata");
    });

    test("a name that is taken answers 409 AlreadyExists about the resource", async () => {
      await post(t.maps, configMap("taken"));
      await post(t.runs, pipelineRun("taken"));
      const reason = { kind: "Status", status: "Failure", reason: "AlreadyExists", code: 409 };
      const kind = "configmaps";
      const message = 'configmaps "taken" already exists';
      answers(await post(t.maps, configMap("taken")), 409, {
        ...reason,
        message,
        details: { name: "taken", kind },
      });
      answers(await post(t.runs, pipelineRun("taken"), { accept: METADATA }), 409, {
        ...reason,
        message: 'pipelineruns.tekton.dev "taken" already exists',
        details: { name: "taken", group: "tekton.dev", kind: "pipelineruns" },
      });
    });

    test("a namespace that is missing answers 404 about namespaces, whatever is created", async () => {
      const missing = { reason: "NotFound", details: { name: "nowhere", kind: "namespaces" } };
      for (const [path, object] of [
        [t.maps, configMap("a")],
        [t.runs, pipelineRun("a")],
      ] as const)
        answers(await post(path.replace(t.namespace, "nowhere"), object), 404, missing);
    });

    test("a namespace that is being deleted answers 403 with the cause, and its end takes the objects along", async () => {
      const namespace = `${t.namespace}-going`;
      const place = t.maps.replace(t.namespace, namespace);
      const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
      answers(await post("/api/v1/namespaces", object), 201, {});
      await post(place, configMap("holds", {}, { finalizers: ["sluice.dev/test"] }));
      answers(await t.client.send("DELETE", `/api/v1/namespaces/${namespace}`), 200, {
        status: { phase: "Terminating" },
      });
      answers(await post(place, configMap("late")), 403, {
        reason: "Forbidden",
        details: { name: "late", kind: "configmaps", causes: [{ reason: "NamespaceTerminating" }] },
      });
      answers(await t.client.send("DELETE", `${place}/holds`), 200, {});
      const held = await t.client.send("GET", `${place}/holds`);
      assert.match(held.body.metadata.deletionTimestamp, /Z$/);
      const path = `/api/v1/namespaces?watch=1&timeoutSeconds=60&fieldSelector=metadata.name%3D${namespace}`;
      const events = t.client.watch(path);
      assert.equal((await events.next()).value.type, "ADDED");
      const contentType = "application/merge-patch+json";
      const body = { metadata: { finalizers: null } };
      answers(await t.client.send("PATCH", `${place}/holds`, { body, contentType }), 200, {});
      for await (const { type } of events) if (type === "DELETED") break;
      answers(await t.client.send("GET", `/api/v1/namespaces/${namespace}`), 404, { reason: "NotFound" });
    });

    test("names, labels and annotations that cannot be answer 422 and name the field", async () => {
      for (const [field, object] of [
        ["metadata.name", pipelineRun("Upper_Case")],
        ["metadata.name", pipelineRun("x".repeat(254))],
        ["metadata.labels", pipelineRun("c", {}, { labels: { a: "-x-" } })],
        ["metadata.labels", pipelineRun("c", {}, { labels: { "a b": "x" } })],
        ["metadata.annotations", pipelineRun("c", {}, { annotations: { "a b": "x" } })],
        ["metadata.annotations", pipelineRun("c", {}, { annotations: { a: "x".repeat(262_144) } })],
      ] as const)
        answers(await post(t.runs, object), 422, {
          reason: "Invalid",
          details: { group: "tekton.dev", kind: "PipelineRun", causes: [{ field }] },
        });
      answers(await post(t.runs, pipelineRun("c", {}, { labels: { a: 1 } })), 400, { reason: "BadRequest" });
      answers(await post(t.runs, pipelineRun("c", {}, { labels: [] })), 400, { reason: "BadRequest" });
    });

    test("what is no object of the kind, or names another namespace, answers 400", async () => {
      const { namespace } = t;
      for (const body of [
        "{",
        "",
        "[]",
        JSON.stringify({ apiVersion: "tekton.dev/v1", metadata: { name: "c" } }),
        JSON.stringify({ ...pipelineRun("c"), apiVersion: "tekton.dev/v1beta1" }),
        JSON.stringify(pipelineRun("c", {}, { namespace: `${namespace}-other` })),
      ])
        answers(await post(t.runs, body), 400, { kind: "Status", reason: "BadRequest", code: 400 });
    });

    test("what is too large for etcd answers 500 without a reason, what is too large to read 413", async () => {
      const sized = (size: number): object =>
        pipelineRun("large", { spec: { params: [{ name: "p", value: "x".repeat(size) }] } });
      const tooLarge = await post(t.runs, sized(1_572_864));
      answers(tooLarge, 500, { kind: "Status", status: "Failure", code: 500 });
      assert.equal(tooLarge.body.reason, undefined);
      answers(await post(t.runs, sized(3 * 1024 * 1024)), 413, { reason: "RequestEntityTooLarge" });
    });

    test("fields that are not known are dropped, each with a remark", async () => {
      const answer = await post(t.runs, pipelineRun("extra", { speck: 1, "a b": 2 }));
      answers(answer, 201, pipelineRun("extra"));
      assert.deepEqual([answer.body.speck, answer.body["a b"]], [undefined, undefined]);
      assert.match(
        String(answer.headers["warning"]),
        /299 - "unknown field \\"a b\\"", 299 - "unknown field/,
      );
    });

    test("a dry run answers as if, and creates nothing", async () => {
      answers(await post(`${t.runs}?dryRun=All`, pipelineRun("dry")), 201, { metadata: { name: "dry" } });
      const details = { name: "dry", group: "tekton.dev", kind: "pipelineruns" };
      answers(await t.client.send("GET", `${t.runs}/dry`), 404, { reason: "NotFound", details });
    });

    test("a kind, a version or a group that is not served answers 404 in plain text", async () => {
      for (const path of [
        t.runs.replace("pipelineruns", "widgets"),
        "/apis/tekton.dev/v9",
        "/apis/no.dev/v1",
      ]) {
        const { status, body } = await t.client.send("GET", path);
        assert.deepEqual({ status, body }, { status: 404, body: "404 page not found\n" }, path);
      }
    });

    test("a stranger answers 401, nobody 403 but for the version", async () => {
      answers(await t.client.send("GET", t.maps, { token: "no such token" }), 401, {
        reason: "Unauthorized",
      });
      answers(await t.client.send("GET", t.maps, { token: null }), 403, { reason: "Forbidden" });
      assert.equal((await t.client.send("GET", "/version", { token: null })).status, 200);
    });

    test("who acts as an account without rights is told what he may not", async () => {
      const as = `system:serviceaccount:${t.namespace}:bot`;
      const details = { group: "tekton.dev", kind: "pipelineruns" };
      const where = `in API group "tekton.dev" in the namespace "${t.namespace}"`;
      const answer = await post(t.runs, pipelineRun("c"), { as });
      answers(answer, 403, {
        reason: "Forbidden",
        message: `pipelineruns.tekton.dev is forbidden: User "${as}" cannot create resource "pipelineruns" ${where}`,
        details,
      });
      assert.equal(answer.body.details.name, undefined);
      answers(await t.client.send("GET", `${t.runs}/made`, { as }), 403, {
        details: { ...details, name: "made" },
      });
    });
  });
}
