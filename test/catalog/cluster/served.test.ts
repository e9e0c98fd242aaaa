/** Where kinds are served: the newest version that there is, also when versions come and go. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createClusterCatalog } from "../../../src/catalog/cluster/catalog.ts";
import { createServed } from "../../../src/catalog/cluster/served.ts";
import { SluiceError } from "../../../src/core/errors.ts";
import { createApi } from "../../../src/kubernetes/api.ts";
import { createDiscovery } from "../../../src/kubernetes/discovery.ts";
import type { Kind } from "../../helpers/api-server.ts";
import { openTestServer } from "../../helpers/cluster.ts";

const GROUP = "triggers.tekton.dev";

async function open() {
  const cluster = await openTestServer();
  const { server, session } = cluster;
  const api = createApi(session);
  let now = 0;
  const clock = () => now;
  return {
    server,
    api,
    served: createServed(api, createDiscovery(api, clock), clock),
    pass(ms: number) {
      now += ms;
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

const kind = (name: string, version: string): Kind => ({
  ...{ group: GROUP, version, kind: name, plural: `${name.toLowerCase()}s`, namespaced: true },
});

const isAbsent = (error: unknown) => error instanceof SluiceError && error.code === "SLUICE_WATCH_ABSENT";

test("the newest version counts, in one namespace or in all", async () => {
  await using t = await open();
  assert.equal(await t.served.path("Trigger", undefined), `/apis/${GROUP}/v1beta1/triggers`);
  assert.equal(await t.served.path("Trigger", "ci"), `/apis/${GROUP}/v1beta1/namespaces/ci/triggers`);
  assert.equal(
    await t.served.path("ClusterInterceptor", undefined),
    `/apis/${GROUP}/v1alpha1/clusterinterceptors`,
  );
  assert.ok(t.server.requests.length <= 2, "each version was asked for once");
});

test("a version that goes is left, one that comes is taken, and a kind without any is absent", async () => {
  await using t = await open();
  t.server.unregister(`${GROUP}/v1beta1`, "Trigger");
  assert.match(await t.served.path("Trigger", undefined), /v1alpha1/);
  t.server.unregister(`${GROUP}/v1alpha1`, "Trigger");
  t.pass(10_000);
  await assert.rejects(t.served.path("Trigger", undefined), isAbsent);
  t.server.register(kind("Trigger", "v1beta1"));
  t.pass(10_000);
  assert.match(await t.served.path("Trigger", undefined), /v1beta1/);
});

test("a catalog waits for the kinds that it cannot do without, and goes on when they are installed", async () => {
  await using t = await open();
  for (const name of ["Trigger", "Interceptor"])
    for (const version of ["v1beta1", "v1alpha1"]) t.server.unregister(`${GROUP}/${version}`, name);
  const troubles: string[] = [];
  const { promise: waiting, resolve } = Promise.withResolvers<void>();
  const catalog = createClusterCatalog({
    ...{ api: t.api, served: t.served, namespaces: [] },
    onChange: () => {},
    onTrouble(what, { code }) {
      troubles.push(`${what} ${code}`);
      if (troubles.length === 2) resolve();
    },
    limits: { slowMs: 20 },
  });
  await waiting;
  assert.deepEqual(troubles.sort(), [
    "catalog: Interceptor SLUICE_WATCH_ABSENT",
    "catalog: Trigger SLUICE_WATCH_ABSENT",
  ]);
  assert.equal(catalog.isSynced(), false);
  assert.deepEqual(
    catalog.away().map(({ values }) => values["resource"]),
    [`Trigger of ${GROUP}`],
    "not every cluster has Interceptors",
  );
  t.server.register(kind("Trigger", "v1beta1"));
  t.pass(10_000);
  await catalog.synced;
  catalog.close();
});
