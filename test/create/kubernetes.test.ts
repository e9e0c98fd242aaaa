/** The Kubernetes target's contract: on the test API server, and on a real cluster when SLUICE_TEST_KUBECONFIG names one. */

import { join } from "node:path";
import { test } from "node:test";
import { KubeConfig, KubernetesObjectApi } from "@kubernetes/client-node";
import { createKubernetesTarget } from "../../src/create/kubernetes.ts";
import type { TargetUnderTest } from "../contracts/target.ts";
import { freshName, targetContract } from "../contracts/target.ts";
import { startApiServer } from "../helpers/api-server.ts";
import { temporaryFolder } from "../helpers/folder.ts";

targetContract("kubernetes (test API server)", async () => {
  const server = await startApiServer({ namespaces: ["ci"] });
  const folder = temporaryFolder();
  const opened = await openCluster(server.writeKubeconfig(join(folder.path, "kubeconfig")), "ci");
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened.target.close();
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
});

const real = process.env.SLUICE_TEST_KUBECONFIG;
if (real === undefined) {
  test("a real cluster keeps the target's contract", { skip: "SLUICE_TEST_KUBECONFIG names none" }, () => {});
} else {
  targetContract("kubernetes (real cluster)", async () => {
    const namespace = freshName();
    const opened = await openCluster(real, namespace);
    const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
    await opened.client.create(object);
    return {
      ...opened,
      async [Symbol.asyncDispose]() {
        await opened.client.delete(object);
        await opened.target.close();
      },
    };
  });
}

/** Looks into the cluster with the official client, so that the target is not its own witness. */
async function openCluster(
  kubeconfig: string,
  namespace: string,
): Promise<Omit<TargetUnderTest, typeof Symbol.asyncDispose> & { readonly client: KubernetesObjectApi }> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const client = KubernetesObjectApi.makeApiClient(config);
  return {
    client,
    target: createKubernetesTarget({ kubeconfig }),
    namespace,
    read: async ({ apiVersion, kind, metadata: { name } }) =>
      client.read({ apiVersion, kind, metadata: { name, namespace } }).catch(() => undefined),
    async plant({ apiVersion, kind, metadata: { name } }) {
      await client.create({ apiVersion, kind, metadata: { name, namespace } });
    },
  };
}
