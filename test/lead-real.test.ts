/** One whole round on the test API server, and on a real one where SLUICE_TEST_KUBECONFIG names it: listener, run, deletion. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { DeliveryRecord } from "../src/core/ledger.ts";
import { type ApiClient, openApiClient } from "./helpers/api-client.ts";
import { startApiServer } from "./helpers/api-server.ts";
import { temporaryFolder } from "./helpers/folder.ts";
import { eventually } from "./helpers/gateway.ts";
import { github, listener, push, trigger, type Written } from "./helpers/objects.ts";
import { startRedis } from "./helpers/redis.ts";
import { send, started } from "./helpers/whole.ts";

const TRIGGERS = "/apis/triggers.tekton.dev/v1beta1";

/** @param collects whether the cluster removes what belonged to something that is gone. */
function round(
  name: string,
  open: () => Promise<{ kubeconfig: string } & AsyncDisposable>,
  collects: boolean,
): void {
  test(`on ${name}`, async () => {
    await using cluster = await open();
    await using redis = await startRedis();
    using client = await openApiClient(cluster.kubeconfig);
    const namespace = `sluice-lead-${randomBytes(4).toString("hex")}`;
    const within = (object: Written) => ({
      ...object,
      metadata: { ...(object["metadata"] as object), namespace },
    });
    await made(client, "/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace },
    });
    try {
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
        if (collects)
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
    } finally {
      await client.send("DELETE", `/api/v1/namespaces/${namespace}`);
    }
  });
}

async function made(client: ApiClient, path: string, body: object): Promise<void> {
  const { status, body: said } = await client.send("POST", path, { body });
  assert.equal(status, 201, JSON.stringify(said));
}

describe("a listener is announced, its run followed to its end, and what was its own goes with it", () => {
  const real = process.env["SLUICE_TEST_KUBECONFIG"];
  round("the test API server", openTestServer, false);
  if (real === undefined) test("on a real cluster", { skip: "SLUICE_TEST_KUBECONFIG names none" }, () => {});
  else round("a real cluster", async () => ({ kubeconfig: real, async [Symbol.asyncDispose]() {} }), true);
});

async function openTestServer() {
  const server = await startApiServer();
  const folder = temporaryFolder();
  return {
    kubeconfig: server.writeKubeconfig(join(folder.path, "kubeconfig")),
    async [Symbol.asyncDispose]() {
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}
