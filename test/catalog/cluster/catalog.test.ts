/** Objects of a cluster as they come, change and go: on the test API server, and on a real one that SLUICE_TEST_KUBECONFIG names. */

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { after, before, describe, test } from "node:test";
import { type ClusterCatalog, createClusterCatalog } from "../../../src/catalog/cluster/catalog.ts";
import { createServed } from "../../../src/catalog/cluster/served.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { createApi } from "../../../src/kubernetes/api.ts";
import { loadCluster } from "../../../src/kubernetes/cluster.ts";
import { createDiscovery } from "../../../src/kubernetes/discovery.ts";
import { createReflector } from "../../../src/kubernetes/reflector.ts";
import { createSession } from "../../../src/kubernetes/session.ts";
import { type ApiClient, openApiClient } from "../../helpers/api-client.ts";
import { onEachCluster, type TestCluster } from "../../helpers/cluster.ts";

const GROUP = "/apis/triggers.tekton.dev";

function suite(name: string, open: () => Promise<TestCluster>): void {
  describe(`the catalog of ${name}`, () => {
    let cluster: TestCluster;
    let client: ApiClient;
    let catalog: ClusterCatalog;
    let session: ReturnType<typeof createSession>;
    const said = new EventEmitter();

    before(async () => {
      cluster = await open();
      client = await openApiClient(cluster.kubeconfig);
      session = createSession(() => loadCluster({ kubeconfig: cluster.kubeconfig }));
      const api = createApi(session);
      catalog = createClusterCatalog({
        api,
        served: createServed(api, createDiscovery(api)),
        namespaces: [cluster.namespace],
        onChange: () => said.emit("changed"),
      });
      await catalog.synced;
    });
    after(async () => {
      catalog.close();
      session.close();
      client[Symbol.dispose]();
      await cluster[Symbol.asyncDispose]();
    });

    const path = (plural: string, version = "v1beta1") =>
      `${GROUP}/${version}/namespaces/${cluster.namespace}/${plural}`;
    const binding = (name: string, value: string, apiVersion = "v1beta1") => ({
      apiVersion: `triggers.tekton.dev/${apiVersion}`,
      kind: "TriggerBinding",
      metadata: { name },
      spec: { params: [{ name: "ref", value }] },
    });
    const found = (name: string) =>
      catalog.declarations.find("TriggerBinding", cluster.namespace, name)?.spec.params[0]?.value;
    async function until(holds: () => boolean): Promise<void> {
      while (!holds()) await once(said, "changed");
    }

    test("what is created, changed and deleted is known without asking", async () => {
      await client.send("POST", path("triggerbindings"), { body: binding("a", "$(body.a)") });
      await until(() => found("a") === "$(body.a)");
      const patch = { spec: { params: [{ name: "ref", value: "$(body.b)" }] } };
      const contentType = "application/merge-patch+json";
      await client.send("PATCH", `${path("triggerbindings")}/a`, { body: patch, contentType });
      await until(() => found("a") === "$(body.b)");
      await client.send("DELETE", `${path("triggerbindings")}/a`);
      await until(() => found("a") === undefined);
    });

    test("an object of the older version is read in the newer one", async () => {
      const body = binding("old", "$(body.a)", "v1alpha1");
      await client.send("POST", path("triggerbindings", "v1alpha1"), { body });
      await until(() => found("old") === "$(body.a)");
    });

    test("an object that Tekton's admission would refuse is a fault of its own", async () => {
      await client.send("POST", path("triggerbindings"), { body: binding("fine", "x") });
      const { spec, ...named } = binding("twice", "x");
      const body = { ...named, spec: { params: [...spec.params, ...spec.params] } };
      await client.send("POST", path("triggerbindings"), { body });
      await until(() => catalog.faults().length === 1 && found("fine") === "x");
      const [fault] = catalog.faults();
      assert.equal(fault?.code, "SLUICE_OBJECT_UNUSABLE");
      assert.match(fault?.message ?? "", /TriggerBinding .*\/twice cannot be used: spec\.params/);
      assert.equal(catalog.declarations.fault?.("TriggerBinding", cluster.namespace, "twice"), fault);
      await client.send("DELETE", `${path("triggerbindings")}/twice`);
      await until(() => catalog.faults().length === 0);
    });

    test("pages, selectors and metadata alone are what the server gives", async () => {
      for (const name of ["one", "two", "three"]) {
        const metadata = { name, labels: { of: "pages" } };
        await client.send("POST", `/api/v1/namespaces/${cluster.namespace}/configmaps`, {
          body: { apiVersion: "v1", kind: "ConfigMap", metadata, data: { text: "x" } },
        });
      }
      const heard: JsonObject[] = [];
      const reflector = createReflector<JsonObject>({
        api: createApi(session),
        path: `/api/v1/namespaces/${cluster.namespace}/configmaps`,
        labelSelector: "of=pages",
        metadataOnly: true,
        read: (object) => object,
        onChanges: (changes) => {
          for (const change of changes) if (change.type === "changed") heard.push(change.item);
          said.emit("changed");
        },
        limits: { page: 2 },
      });
      await reflector.synced;
      assert.deepEqual(heard.map((one) => (one["metadata"] as { name: string }).name).sort(), [
        "one",
        "three",
        "two",
      ]);
      assert.ok(heard.every((one) => !Object.hasOwn(one, "data")));
      const body = { metadata: { labels: { more: "yes" } } };
      const contentType = "application/merge-patch+json";
      const one = `/api/v1/namespaces/${cluster.namespace}/configmaps/one`;
      await client.send("PATCH", one, { body, contentType });
      await until(() => heard.length === 4);
      assert.ok(!Object.hasOwn(heard[3] as object, "data"));
      reflector.close();
    });
  });
}

onEachCluster(suite);
