/** One whole round on the test API server, and on a real one where SLUICE_TEST_KUBECONFIG names it: listener, run, deletion. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DeliveryRecord } from "../../src/core/ledger.ts";
import { type ApiClient, openApiClient } from "../helpers/api-client.ts";
import { onEachCluster, type TestCluster } from "../helpers/cluster.ts";
import { eventually } from "../helpers/gateway.ts";
import { github, listener, push, trigger, type Written } from "../helpers/objects.ts";
import { startRedis } from "../helpers/redis.ts";
import { send, started } from "../helpers/whole.ts";

const TRIGGERS = "/apis/triggers.tekton.dev/v1beta1";

function round(name: string, open: () => Promise<TestCluster>): void {
  test(`on ${name}`, async () => {
    await using cluster = await open();
    await using redis = await startRedis();
    using client = await openApiClient(cluster.kubeconfig);
    const { namespace } = cluster;
    const within = (object: Written) => ({
      ...object,
      metadata: { ...(object["metadata"] as object), namespace },
    });
    const token = { data: { token: Buffer.from("s3cret").toString("base64") } };
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "hook" }, ...token };
    await made(client, `/api/v1/namespaces/${namespace}/secrets`, within(secret));
    const listeners = `${TRIGGERS}/namespaces/${namespace}/eventlisteners`;
    await made(client, listeners, within(listener("git", [trigger("build", [github()])])));
    const gateway = await started({
      ...{ listen: "127.0.0.1:0", admin: "127.0.0.1:0", store: redis.url, durability: "relaxed" },
      ...{
        fromCluster: true,
        namespaces: [namespace],
        kubeconfig: cluster.kubeconfig,
        identity: "gateway",
      },
      ...{
        create: "kubernetes",
        announce: "services",
        gatewayService: `${namespace}/sluice`,
        leaseNamespace: namespace,
      },
    });
    const lease = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/sluice-leader`;
    try {
      const { status, body } = await send(gateway.listen, push({ token: "s3cret" }), `/${namespace}/git`);
      assert.equal(status, 202);
      const created = await gateway.heard(({ type }) => type === "run.created");
      assert.ok(created.type === "run.created");
      const path = `/apis/tekton.dev/v1/namespaces/${namespace}/pipelineruns/${created.run.name}/status`;
      const startTime = new Date().toISOString().replace(/\.\d+/, "");
      const told = (status: string, reason: string, more: object = {}) =>
        client.send("PATCH", path, {
          contentType: "application/merge-patch+json",
          body: {
            status: {
              startTime,
              ...more,
              conditions: [{ type: "Succeeded", status, reason, message: "m" }],
            },
          },
        });
      assert.equal((await told("Unknown", "Running")).status, 200);
      await gateway.heard(({ type }) => type === "run.started");
      assert.equal((await told("False", "TaskRunTimeout", { completionTime: startTime })).status, 200);
      await gateway.heard(({ type }) => type === "run.finished");
      const record = (await (
        await fetch(`${gateway.admin}/api/v1/deliveries/${body["eventID"]}`)
      ).json()) as DeliveryRecord;
      assert.equal(record.jobs[0]?.runs[0]?.progress?.phase, "timed-out");

      const seen = async () => (await client.send("GET", `${listeners}/git`)).body.status ?? {};
      const { address, conditions } = await eventually(seen, ({ conditions }) => conditions !== undefined);
      assert.match(address.url, new RegExp(`^http://el-git\\.${namespace}\\.svc\\.[a-z.]+:8080$`));
      assert.deepEqual(
        conditions.map((one: { type: string; status: string }) => `${one.type} ${one.status}`),
        ["Available True", "Ready True", "Service True"],
      );
      const service = `/api/v1/namespaces/${namespace}/services/el-git`;
      assert.equal((await client.send("GET", service)).body.spec.type, "ExternalName");
      await client.send("DELETE", `${listeners}/git`);
      if (cluster.collects)
        await eventually(
          async () => (await client.send("GET", service)).status,
          (now) => now === 404,
        );
      assert.notEqual((await client.send("GET", lease)).body.spec.holderIdentity, "");
    } finally {
      await gateway.stop("the test is over");
    }
    assert.equal((await client.send("GET", lease)).body.spec.holderIdentity ?? "", "");
    assert.deepEqual(
      gateway.facts.filter(({ type }) => type === "defect"),
      [],
    );
  });
}

async function made(client: ApiClient, path: string, body: object): Promise<void> {
  const { status, body: said } = await client.send("POST", path, { body });
  assert.equal(status, 201, JSON.stringify(said));
}

describe("a listener is announced, its run followed to its end, and what was its own goes with it", () =>
  onEachCluster(round));
