/** What an API server makes of updates, patches, status writes and Leases: facts, held against a real one. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Answered } from "../helpers/api-client.ts";
import { duringSuite, type TestCluster } from "../helpers/cluster.ts";
import { answers, configMap, pipelineRun } from "./api-server.ts";

const MERGE = "application/merge-patch+json";

export function apiServerWritesContract(name: string, open: () => Promise<TestCluster>): void {
  describe(`${name} takes writes as an API server`, () => {
    const t = duringSuite(open);
    const listeners = () => `/apis/triggers.tekton.dev/v1beta1/namespaces/${t.namespace}/eventlisteners`;
    const post = (path: string, body: object): Promise<Answered> => t.client.send("POST", path, { body });
    const put = (path: string, body: object): Promise<Answered> => t.client.send("PUT", path, { body });
    const patch = (path: string, body: object, contentType = MERGE): Promise<Answered> =>
      t.client.send("PATCH", path, { body, contentType });

    test("an update of what changed meanwhile answers 409 Conflict, of what is gone 404", async () => {
      const first = await post(t.maps, configMap("edit", { data: { a: "1" } }));
      answers(await put(`${t.maps}/edit`, { ...first.body, data: { a: "2" } }), 200, { data: { a: "2" } });
      const reason = "Conflict";
      const details = { name: "edit", kind: "configmaps" };
      answers(await put(`${t.maps}/edit`, { ...first.body, data: { a: "3" } }), 409, { reason, details });
      const { resourceVersion } = first.body.metadata;
      const stale = { metadata: { resourceVersion }, data: { a: "3" } };
      answers(await patch(`${t.maps}/edit`, stale), 409, { reason, details });
      const other = { ...first.body.metadata, resourceVersion: undefined, uid: t.namespace };
      answers(await put(`${t.maps}/edit`, { ...first.body, metadata: other }), 409, { reason });
      answers(await t.client.send("GET", `${t.maps}/edit`), 200, { data: { a: "2" } });
      answers(await put(`${t.runs}/none`, pipelineRun("none")), 404, { reason: "NotFound" });
      answers(await put(`${t.maps}/edit`, configMap("another")), 400, { reason: "BadRequest" });
    });

    test("an update without resourceVersion is taken for built-in kinds, and refused for others", async () => {
      await post(t.maps, configMap("plain"));
      await post(t.runs, pipelineRun("plain"));
      answers(await put(`${t.maps}/plain`, configMap("plain", { data: { a: "1" } })), 200, {
        data: { a: "1" },
      });
      answers(await put(`${t.runs}/plain`, pipelineRun("plain")), 422, {
        reason: "Invalid",
        details: { causes: [{ field: "metadata.resourceVersion" }] },
      });
    });

    test("a merge patch changes what it names; JSON that is called nothing else is no patch", async () => {
      await post(t.maps, configMap("patch", { data: { a: "1", b: "1" } }));
      const merged = await patch(`${t.maps}/patch`, { data: { a: null, c: "2" } });
      answers(merged, 200, {});
      assert.deepEqual(merged.body.data, { b: "1", c: "2" });
      const wrong = { reason: "UnsupportedMediaType" };
      answers(await patch(`${t.maps}/patch`, { data: {} }, "application/json"), 415, wrong);
      await post(t.runs, pipelineRun("patch"));
      const strategic = "application/strategic-merge-patch+json";
      answers(await patch(`${t.runs}/patch`, { metadata: { labels: { a: "b" } } }, strategic), 415, wrong);
      answers(await patch(`${t.runs}/none`, {}), 404, { reason: "NotFound" });
    });

    test("a write that changes nothing leaves the resourceVersion, one of the spec raises the generation", async () => {
      const { body: made } = await post(t.runs, pipelineRun("same"));
      const labelled = { metadata: { labels: { a: "b" } } };
      const { body: one } = await patch(`${t.runs}/same`, labelled);
      assert.notEqual(one.metadata.resourceVersion, made.metadata.resourceVersion);
      assert.equal(one.metadata.generation, 1);
      const { body: again } = await patch(`${t.runs}/same`, labelled);
      assert.equal(again.metadata.resourceVersion, one.metadata.resourceVersion);
      const { body: cancelled } = await patch(`${t.runs}/same`, { spec: { status: "Cancelled" } });
      assert.equal(cancelled.metadata.generation, 2);
    });

    test("a status is written through its own path alone, and nothing else there", async () => {
      const metadata = { name: "served" };
      const listener = { apiVersion: "triggers.tekton.dev/v1beta1", kind: "EventListener", metadata };
      const { body: made } = await post(listeners(), {
        ...listener,
        spec: { triggers: [] },
        status: { a: 1 },
      });
      assert.equal(made.status, undefined);
      const path = `${listeners()}/served`;
      const written = await patch(`${path}/status`, { spec: { cloudEventURI: "x" }, status: { b: 2 } });
      assert.deepEqual(written.body.spec, made.spec);
      assert.deepEqual(written.body.status, { b: 2 });
      assert.equal(written.body.metadata.generation, 1);
      const both = await patch(path, { metadata: { labels: { a: "b" } }, status: { c: 3 } });
      assert.deepEqual([both.body.status, both.body.metadata.labels], [{ b: 2 }, { a: "b" }]);
      const { body: now } = await t.client.send("GET", `${path}/status`);
      answers(await put(`${path}/status`, { ...now, status: { d: 4 } }), 200, { status: { d: 4 } });
      answers(await put(`${path}/status`, { ...now, status: { e: 5 } }), 409, { reason: "Conflict" });
    });

    test("of two that take a Lease one gets it", async () => {
      const path = `/apis/coordination.k8s.io/v1/namespaces/${t.namespace}/leases`;
      const lease = (holderIdentity: string, metadata: object = {}): object => ({
        ...{ apiVersion: "coordination.k8s.io/v1", kind: "Lease" },
        metadata: { name: "one", ...metadata },
        spec: { holderIdentity, leaseDurationSeconds: 15, renewTime: "2026-01-01T00:00:00.000000Z" },
      });
      const created = await Promise.all(["a", "b"].map((who) => post(path, lease(who))));
      assert.deepEqual(created.map(({ status }) => status).sort(), [201, 409]);
      const { resourceVersion } = created.find(({ status }) => status === 201)?.body.metadata ?? {};
      const taken = await Promise.all(
        ["c", "d"].map((who) => put(`${path}/one`, lease(who, { resourceVersion }))),
      );
      assert.deepEqual(taken.map(({ status }) => status).sort(), [200, 409]);
    });

    test("a removal with the version or uid of another object answers 409; one that is done, who it was", async () => {
      const { body: made } = await post(t.maps, configMap("go"));
      for (const preconditions of [{ resourceVersion: "1" }, { uid: t.namespace }]) {
        const body = { kind: "DeleteOptions", apiVersion: "v1", preconditions };
        answers(await t.client.send("DELETE", `${t.maps}/go`, { body }), 409, { reason: "Conflict" });
      }
      const { uid } = made.metadata;
      answers(await t.client.send("DELETE", `${t.maps}/go`), 200, {
        ...{ kind: "Status", status: "Success" },
        details: { name: "go", kind: "configmaps", uid },
      });
      answers(await t.client.send("DELETE", `${t.maps}/go`), 404, { reason: "NotFound" });
    });
  });
}
