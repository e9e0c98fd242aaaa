/** What an API server lists and tells watches: facts, held against a real one. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Answered } from "../helpers/api-client.ts";
import { duringSuite, type TestCluster } from "../helpers/cluster.ts";
import { answers, configMap, METADATA, pipelineRun } from "./api-server.ts";

export function apiServerReadsContract(name: string, open: () => Promise<TestCluster>): void {
  describe(`${name} lists and tells as an API server`, () => {
    const t = duringSuite(open);
    const post = (path: string, body: object): Promise<Answered> => t.client.send("POST", path, { body });
    const label = (path: string, labels: object): Promise<Answered> =>
      t.client.send("PATCH", path, {
        body: { metadata: { labels } },
        contentType: "application/merge-patch+json",
      });
    const list = (path: string): Promise<Answered> => t.client.send("GET", path);
    const versionOf = async (path: string): Promise<string> =>
      (await list(`${path}?limit=1`)).body.metadata.resourceVersion;

    test("items of built-in kinds do not say what they are, those of others do", async () => {
      await post(t.maps, configMap("item"));
      await post(t.runs, pipelineRun("item"));
      const { body: builtIn } = await list(`${t.maps}?limit=1`);
      assert.deepEqual([builtIn.kind, builtIn.apiVersion], ["ConfigMapList", "v1"]);
      assert.deepEqual([builtIn.items[0].kind, builtIn.items[0].apiVersion], [undefined, undefined]);
      const { body: custom } = await list(`${t.runs}?limit=1`);
      assert.deepEqual([custom.items[0].kind, custom.items[0].apiVersion], ["PipelineRun", "tekton.dev/v1"]);
    });

    test("pages are of one moment: what comes and goes between them changes nothing", async () => {
      for (const key of ["b", "c", "d", "e"])
        await post(t.maps, configMap(`page-${key}`, {}, { labels: { page: "1" } }));
      const path = `${t.maps}?limit=2&labelSelector=page`;
      const { body: first } = await list(path);
      await post(t.maps, configMap("page-a", {}, { labels: { page: "1" } }));
      await t.client.send("DELETE", `${t.maps}/page-b`);
      await t.client.send("DELETE", `${t.maps}/page-e`);
      const { body: second } = await list(`${path}&continue=${encodeURIComponent(first.metadata.continue)}`);
      const names = [...first.items, ...second.items].map(({ metadata }) => metadata.name);
      assert.deepEqual(names, ["page-b", "page-c", "page-d", "page-e"]);
      assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
      assert.equal(second.metadata.continue, undefined);
    });

    test("a list of a namespace that is missing is empty; what cannot be asked answers 400", async () => {
      const { status, body } = await list(t.maps.replace(t.namespace, "nowhere"));
      assert.deepEqual([status, body.items], [200, []]);
      for (const query of [
        "limit=x",
        "continue=zzz",
        "labelSelector=a+in",
        "fieldSelector=data.x%3D1",
        "resourceVersion=x",
      ])
        answers(await list(`${t.maps}?${query}`), 400, { reason: "BadRequest" });
    });

    test("a watch tells what comes, changes and goes after a version, and each says which version it made", async () => {
      const from = await versionOf(t.runs);
      await post(t.runs, pipelineRun("seen"));
      await label(`${t.runs}/seen`, { a: "b" });
      await t.client.send("DELETE", `${t.runs}/seen`);
      const path = `${t.runs}?watch=1&resourceVersion=${from}&timeoutSeconds=60&fieldSelector=metadata.name%3Dseen`;
      const events = await take(t.client.watch(path), 3);
      assert.deepEqual(
        events.map(({ type }) => type),
        ["ADDED", "MODIFIED", "DELETED"],
      );
      assert.partialDeepStrictEqual(events[2].object, {
        kind: "PipelineRun",
        metadata: { labels: { a: "b" } },
      });
      const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
      assert.deepEqual(
        versions,
        [...new Set(versions)].sort((a, b) => a - b),
      );
    });

    test("a watch without a version begins with what is there", async () => {
      await post(t.maps, configMap("present"));
      const events = t.client.watch(
        `${t.maps}?watch=1&timeoutSeconds=60&fieldSelector=metadata.name%3Dpresent`,
      );
      const [first] = await take(events, 1);
      assert.partialDeepStrictEqual(first, {
        type: "ADDED",
        object: { kind: "ConfigMap", metadata: { name: "present" } },
      });
    });

    test("for a watch with a selector an object comes and goes by its labels", async () => {
      const from = await versionOf(t.maps);
      await post(t.maps, configMap("turn"));
      for (const ours of ["1", "1x", null]) await label(`${t.maps}/turn`, { turn: ours });
      const path = `${t.maps}?watch=1&resourceVersion=${from}&timeoutSeconds=60&labelSelector=turn`;
      const events = await take(t.client.watch(path, { accept: METADATA }), 3);
      assert.deepEqual(
        events.map(({ type }) => type),
        ["ADDED", "MODIFIED", "DELETED"],
      );
      for (const { object } of events) assert.equal(object.kind, "PartialObjectMetadata");
    });

    test("a bookmark tells the version before a watch ends, where others have moved it on", async () => {
      const from = await versionOf(t.runs);
      const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${from}&timeoutSeconds=4`;
      const path = `${t.runs}?${query}&fieldSelector=metadata.name%3Dnone`;
      const [events] = await Promise.all([
        takeAll(t.client.watch(path)),
        post(t.runs, pipelineRun("elsewhere")),
      ]);
      const { type, object } = events.at(-1);
      assert.deepEqual([type, object.kind, object.apiVersion], ["BOOKMARK", "PipelineRun", "tekton.dev/v1"]);
      assert.ok(Number(object.metadata.resourceVersion) > Number(from));
    });

    test("a watch from a version that is forgotten is told so by an event: 410", async () => {
      const [event] = await take(t.client.watch(`${t.runs}?watch=1&resourceVersion=1&timeoutSeconds=60`), 1);
      assert.equal(event.type, "ERROR");
      assert.partialDeepStrictEqual(event.object, { kind: "Status", reason: "Expired", code: 410 });
    });
  });
}

const takeAll = (events: AsyncGenerator<Answered["body"]>): Promise<Answered["body"][]> =>
  take(events, Number.POSITIVE_INFINITY);

async function take(events: AsyncGenerator<Answered["body"]>, count: number): Promise<Answered["body"][]> {
  const taken: Answered["body"][] = [];
  for await (const event of events) if (taken.push(event) === count) break;
  return taken;
}
