/** A cluster that operators named: where its kubeconfig is, and whose triggers may send objects there. */

import type { ObjectName } from "./delivery.ts";

export interface NamedCluster {
  /** Path of a kubeconfig, or `secret:<namespace>/<name>`. */
  readonly kubeconfig: string;
  /** Namespaces of the gateway's own cluster, or "*" for all of them. */
  readonly namespaces: readonly string[] | "*";
}

/** Whether triggers of a namespace may use it; an empty list opens it to nobody. */
export function isOpenTo({ namespaces }: Pick<NamedCluster, "namespaces">, namespace: string): boolean {
  return namespaces === "*" || namespaces.includes(namespace);
}

/**
 * The namespace for which a cluster is closed: of the trigger, or of the listener, whose account may be the one that acts.
 *
 * @returns undefined where it is open to both.
 */
export function closedTo(
  cluster: Pick<NamedCluster, "namespaces">,
  { trigger, listener }: { readonly trigger: ObjectName; readonly listener: ObjectName },
): string | undefined {
  return [trigger.namespace, listener.namespace].find((namespace) => !isOpenTo(cluster, namespace));
}
