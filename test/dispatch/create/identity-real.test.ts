/** Identity on a real API server, when SLUICE_TEST_KUBECONFIG names one: its RBAC, its impersonation, its words. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type KubernetesObject as ClientObject,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
} from "@kubernetes/client-node";
import type { CreateJob, KubernetesObject } from "../../../src/core/job.ts";
import { openTargets } from "../../../src/dispatch/create/index.ts";
import { freshName, jobOf, pipelineRun } from "../../contracts/target.ts";
import { temporaryFolder } from "../../helpers/folder.ts";
import { accountUser, grantObjects, type Rule } from "../../helpers/rbac.ts";

const real = process.env.SLUICE_TEST_KUBECONFIG;
const skip = real === undefined && "SLUICE_TEST_KUBECONFIG names none";

const CREATE = { apiGroups: ["tekton.dev"], resources: ["pipelineruns"], verbs: ["create"] };
const ASK = {
  apiGroups: ["authorization.k8s.io"],
  resources: ["localsubjectaccessreviews"],
  verbs: ["create"],
};
const actAs = (name: string): Rule => ({
  apiGroups: [""],
  resources: ["serviceaccounts"],
  verbs: ["impersonate"],
  resourceNames: [name],
});

test("a real API server tells the same refusals apart, and Roles of one namespace are enough", {
  skip,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder());
  const admin = new KubeConfig();
  admin.loadFromFile(real ?? "");
  const objects = KubernetesObjectApi.makeApiClient(admin);
  const namespace = freshName();
  const home = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  await objects.create(home);
  stack.defer(() => objects.delete(home).then(() => undefined));
  for (const name of ["gateway", "builder"])
    await objects.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } });
  const allow = async (account: string, rule: Rule): Promise<void> => {
    for (const object of grantObjects(accountUser(namespace, account), namespace, [rule], freshName()))
      await objects.create(object as object as ClientObject);
  };

  const { status } = await admin.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
    ...{ name: "gateway", namespace },
    body: { spec: { audiences: [], expirationSeconds: 600 } },
  });
  const gateway = new KubeConfig();
  gateway.loadFromClusterAndUser(admin.getCurrentCluster() ?? assert.fail("it leads to no cluster"), {
    name: "gateway",
    token: status?.token ?? assert.fail("there is no token"),
  });
  const kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(kubeconfig, gateway.exportConfig());

  const run = pipelineRun("d", namespace);
  /** Asks till it comes out so: a real authorizer hears of new Roles some moments later, and we remember its answers. */
  const comesTo = async (
    wanted: string,
    changes: Partial<CreateJob> = {},
    object: () => KubernetesObject = () => run,
  ): Promise<string> => {
    for (let tries = 1; ; tries++) {
      const { target, close } = openTargets({ create: "kubernetes", kubeconfig, fromCluster: true });
      const answer = await target.create(object(), { ...jobOf("d", namespace), ...changes });
      await close();
      const [code, reason] =
        answer.outcome === "failed" ? [answer.code, answer.reason] : [answer.outcome, ""];
      if (code === wanted) return reason;
      assert.ok(tries < 50, `${code} ${reason} instead of ${wanted}`);
    }
  };

  await comesTo("SLUICE_CREATE_IMPERSONATE", { listenerAccount: "builder" });
  await allow("gateway", actAs("builder"));
  await comesTo("SLUICE_CREATE_FORBIDDEN", { listenerAccount: "builder" });
  await allow("builder", CREATE);
  await comesTo("created", { listenerAccount: "builder" });

  // The account may create, and not get; nor may the gateway.
  await comesTo("SLUICE_CREATE_FORBIDDEN", { listenerAccount: "builder" });
  await allow("gateway", { ...CREATE, verbs: ["get"] });
  await comesTo("exists", { listenerAccount: "builder" });

  const other = pipelineRun("d", namespace);
  await allow("gateway", ASK);
  await comesTo("SLUICE_CREATE_TENANT", { serviceAccount: "builder" }, () => other);
  await allow("default", actAs("builder"));
  await comesTo("created", { serviceAccount: "builder" }, () => other);

  const metadata = { name: "full", namespace };
  const hard = { "count/pipelineruns.tekton.dev": "0" };
  await objects.create({ apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard } } as ClientObject);
  const fresh = () => pipelineRun("d", namespace);
  const reason = await comesTo("SLUICE_CREATE_POLICY", { listenerAccount: "builder" }, fresh);
  assert.match(reason, /exceeded quota/);
});
