/** The namespace that is ours: the pod's, else the one that the kubeconfig works in. */

import { readFileSync } from "node:fs";
import type { KubeConfig } from "@kubernetes/client-node";

/** Where Kubernetes puts the name of a pod's own namespace. */
const POD_NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** @param path of the pod's own; another for tests. */
export function ownNamespace(config: KubeConfig, path = POD_NAMESPACE): string {
  const named = podNamespace(path) ?? config.getContextObject(config.getCurrentContext())?.namespace;
  return named !== undefined && LABEL.test(named) ? named : "default";
}

function podNamespace(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}
