/** The Kubernetes target's contract: on the test API server, and on a real cluster when SLUICE_TEST_KUBECONFIG names one. */

import { KubeConfig, KubernetesObjectApi } from "@kubernetes/client-node";
import { createKubernetesTarget } from "../../../src/dispatch/create/kubernetes.ts";
import type { TargetUnderTest } from "../../contracts/target.ts";
import { targetContract } from "../../contracts/target.ts";
import { onEachCluster, type TestCluster } from "../../helpers/cluster.ts";

onEachCluster((name, open) => targetContract(`kubernetes (${name})`, async () => openTarget(await open())));

/** Looks into the cluster with the official client, so that the target is not its own witness. */
function openTarget(cluster: TestCluster): TargetUnderTest {
  const { kubeconfig, namespace } = cluster;
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const client = KubernetesObjectApi.makeApiClient(config);
  const target = createKubernetesTarget({ kubeconfig });
  return {
    ...{ target, namespace },
    read: async ({ apiVersion, kind, metadata: { name } }) =>
      client.read({ apiVersion, kind, metadata: { name, namespace } }).catch(() => undefined),
    async plant({ apiVersion, kind, metadata: { name } }) {
      await client.create({ apiVersion, kind, metadata: { name, namespace } });
    },
    async [Symbol.asyncDispose]() {
      await target.close();
      await cluster[Symbol.asyncDispose]();
    },
  };
}
