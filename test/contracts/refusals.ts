/** What the Kubernetes target makes of a cluster that refuses, and whether the cure that it names is one. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { ObjectName } from "../../src/core/delivery.ts";
import type { CreateAnswer, KubernetesObject, Target } from "../../src/core/job.ts";
import { createKubernetesTarget } from "../../src/dispatch/create/kubernetes.ts";
import type { ApiClient } from "../helpers/api-client.ts";
import { openApiClient } from "../helpers/api-client.ts";
import type { TestCluster } from "../helpers/cluster.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { accountUser, grantObjects } from "../helpers/rbac.ts";
import { freshName, jobOf, pipelineRun, runOf } from "./target.ts";

const RUNS = { apiGroups: ["tekton.dev"], resources: ["pipelineruns"], verbs: ["create"] };
const CORE = { apiGroups: [""] };
/** RBAC's own memory follows what is written within moments. */
const TRIES = 100;

export function refusalsContract(name: string, open: () => Promise<TestCluster>): void {
  describe(`the Kubernetes target understands the refusals of ${name}`, () => {
    const folder = temporaryFolder();
    const targets: Target[] = [];
    let server: TestCluster;
    let admin: ApiClient;
    let all: Target;
    before(async () => {
      server = await open();
      admin = await openApiClient(server.kubeconfig);
      all = opened(server.kubeconfig);
    });
    after(async () => {
      for (const target of targets) await target.close();
      admin[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    function opened(kubeconfig: string, as?: ObjectName): Target {
      const identity = as && { accountOf: async () => as };
      targets.push(createKubernetesTarget({ kubeconfig, identity }));
      return targets.at(-1) as Target;
    }
    const create = (target: Target, object: KubernetesObject): Promise<CreateAnswer> =>
      target.create(object, jobOf("d", server.namespace));
    const run = (metadata: object = {}): KubernetesObject => {
      const object = pipelineRun("d", server.namespace);
      return { ...object, metadata: { ...object.metadata, ...metadata } };
    };
    /** A service account of its own, and the path of a kubeconfig with its token. */
    async function account(): Promise<{ readonly name: string; readonly kubeconfig: string }> {
      const path = `/api/v1/namespaces/${server.namespace}/serviceaccounts`;
      const object = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: freshName() } };
      const { name } = object.metadata;
      assert.equal((await admin.send("POST", path, { body: object })).status, 201);
      const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
      const issued = await admin.send("POST", `${path}/${name}/token`, { body });
      assert.equal(issued.status, 201, JSON.stringify(issued.body));
      const kubeconfig = join(folder.path, name);
      writeFileSync(kubeconfig, admin.kubeconfigWith(issued.body.status.token));
      return { name, kubeconfig };
    }
    async function grant(user: string, rule: Parameters<typeof grantObjects>[2][number]): Promise<void> {
      for (const object of grantObjects(user, server.namespace, [rule])) {
        const plural = `${object.kind.toLowerCase()}s`;
        const path = `/apis/${object.apiVersion}/namespaces/${server.namespace}/${plural}`;
        const { status, body } = await admin.send("POST", path, { body: object });
        assert.equal(status, 201, JSON.stringify(body));
      }
    }
    /** Tries until the answer is no refusal of that kind any more. */
    async function past(code: string, attempt: () => Promise<CreateAnswer>): Promise<CreateAnswer> {
      for (let tries = 0; ; tries++) {
        const answer = await attempt();
        if (answer.outcome !== "failed" || answer.code !== code || tries === TRIES) return answer;
        await wait(100);
      }
    }

    test("a right that is missing is named with its cure, and tried slowly till it is granted", async () => {
      const { name: own, kubeconfig } = await account();
      const target = opened(kubeconfig);
      const answer = await create(target, run());
      assert.partialDeepStrictEqual(answer, { retry: "slow", code: "SLUICE_CREATE_FORBIDDEN" });
      const { namespace } = server;
      const reason = answer.outcome === "failed" ? answer.reason : "";
      assert.match(reason, new RegExp(`may not create PipelineRun in ${namespace}`));
      assert.match(
        reason,
        /kubectl create role \S+ -n \S+ --verb=create --resource=pipelineruns\.tekton\.dev /,
      );
      await grant(accountUser(namespace, own), RUNS);
      assert.equal(
        runOf(await past("SLUICE_CREATE_FORBIDDEN", () => create(target, run()))).outcome,
        "created",
      );
    });

    test("a right to act as an account is told from one that the account lacks", async () => {
      const { name: own, kubeconfig } = await account();
      const { name: other } = await account();
      const { namespace } = server;
      const target = opened(kubeconfig, { namespace, name: other });
      const first = await create(target, run());
      assert.partialDeepStrictEqual(first, { retry: "slow", code: "SLUICE_CREATE_IMPERSONATE" });
      assert.match(
        first.outcome === "failed" ? first.reason : "",
        new RegExp(`--verb=impersonate --resource=serviceaccounts --resource-name=${other} `),
      );
      const impersonate = { resources: ["serviceaccounts"], verbs: ["impersonate"], resourceNames: [other] };
      await grant(accountUser(namespace, own), { ...CORE, ...impersonate });
      const second = await past("SLUICE_CREATE_IMPERSONATE", () => create(target, run()));
      assert.partialDeepStrictEqual(second, { retry: "slow", code: "SLUICE_CREATE_FORBIDDEN" });
      assert.match(
        second.outcome === "failed" ? second.reason : "",
        new RegExp(`service account ${namespace}/${other} may not create PipelineRun`),
      );
      await grant(accountUser(namespace, other), RUNS);
      const object = run();
      const third = await past("SLUICE_CREATE_FORBIDDEN", () => create(target, object));
      assert.equal(runOf(third).outcome, "created");
      // Neither may read it, and no second one may be made: the refusal names the verb.
      const again = await create(target, object);
      assert.partialDeepStrictEqual(again, { retry: "slow", code: "SLUICE_CREATE_FORBIDDEN" });
      assert.match(again.outcome === "failed" ? again.reason : "", /may not get PipelineRun/);
    });

    test("a namespace that is missing, or on its way out, is tried slowly", async () => {
      const missing = await create(all, run({ namespace: "nowhere" }));
      assert.partialDeepStrictEqual(missing, { retry: "slow", code: "SLUICE_CREATE_NAMESPACE" });
      const namespace = freshName();
      const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
      await admin.send("POST", "/api/v1/namespaces", { body });
      const held = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "held", finalizers: ["sluice.dev/test"] },
      };
      const maps = `/api/v1/namespaces/${namespace}/configmaps`;
      await admin.send("POST", maps, { body: held });
      await admin.send("DELETE", `/api/v1/namespaces/${namespace}`);
      const going = await create(all, run({ namespace }));
      assert.partialDeepStrictEqual(going, { retry: "slow", code: "SLUICE_CREATE_NAMESPACE" });
      assert.match(going.outcome === "failed" ? going.reason : "", /is being terminated/);
      const contentType = "application/merge-patch+json";
      await admin.send("PATCH", `${maps}/held`, { body: { metadata: { finalizers: null } }, contentType });
    });

    test("what the cluster will never take is dead at once, and says why", async () => {
      const large = { params: [{ name: "p", value: "x".repeat(1_600_000) }] };
      for (const [object, why] of [
        [run({ name: "Upper" }), /metadata\.name/],
        [run({ annotations: { "a b": "c" } }), /metadata\.annotations/],
        [{ ...run(), spec: large }, /it has 1600\d{3} bytes, and etcd takes 1572864/],
      ] as const) {
        const answer = await create(all, object);
        assert.partialDeepStrictEqual(answer, { retry: "never", code: "SLUICE_CREATE_REFUSED" });
        assert.match(answer.outcome === "failed" ? answer.reason : "", why);
      }
    });

    test("what the cluster drops of an object is told with its run", async () => {
      const { warnings } = runOf(await create(all, { ...run(), speck: 1, status2: {} }));
      assert.deepEqual([...(warnings ?? [])].sort(), ['unknown field "speck"', 'unknown field "status2"']);
    });

    test("a kind that is not served, and a token that is not known, are tried slowly", async () => {
      const kind = await create(all, { ...run(), apiVersion: "tekton.dev/v9" });
      assert.partialDeepStrictEqual(kind, { retry: "slow", code: "SLUICE_CREATE_KIND" });
      const kubeconfig = join(folder.path, "stranger");
      writeFileSync(kubeconfig, admin.kubeconfigWith("no such token"));
      const token = await create(opened(kubeconfig), run());
      assert.partialDeepStrictEqual(token, { retry: "slow", code: "SLUICE_CREATE_CREDENTIALS" });
    });
  });
}
