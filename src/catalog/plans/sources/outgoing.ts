/** The policy of outgoing calls by the settings: who writes the objects decides what is closed to them. */

import type { Settings } from "../../../config/index.ts";
import type { PolicyOptions } from "../../../decide/intercept/index.ts";
import { loadCluster } from "../../../kubernetes/index.ts";

/** Leads to the API server from every pod, whatever the kubeconfig says; elsewhere to nothing. */
const API_SERVER = "kubernetes.default.svc";
const SECRET = "secret:";

/**
 * Files are the operator's own, so that what they name may be reached. Objects of a cluster are its tenants'.
 *
 * @param storeHosts hosts of the store.
 * @throws SluiceError SLUICE_CONFIG_INVALID when the cluster is not known.
 */
export function outgoingPolicy(settings: Settings, storeHosts: readonly string[]): PolicyOptions {
  const { admin, allowAddresses: allow, refuseAddresses: refuse, nodeAddress, fromCluster } = settings;
  const everywhere = { deny: [admin], allow, refuse };
  if (!fromCluster) return everywhere;
  const servers = [settings.kubeconfig, ...filesOf(settings.clusters)].map(serverOf);
  const tenants = { hosts: [...storeHosts, ...servers], hostsIfAny: [API_SERVER] };
  return { ...everywhere, refuse: [...refuse, ...nodeAddress], tenants };
}

/** Kubeconfigs that are files; what a Secret holds is known only when it is used. */
function filesOf(clusters: Settings["clusters"]): readonly string[] {
  return [...clusters.values()]
    .map(({ kubeconfig }) => kubeconfig)
    .filter((place) => !place.startsWith(SECRET));
}

function serverOf(kubeconfig: string | undefined): string {
  const server = loadCluster({ kubeconfig }).getCurrentCluster()?.server ?? "";
  return new URL(server).hostname.replace(/^\[|\]$/g, "");
}
