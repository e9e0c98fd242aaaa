/** Where a listener is reached: by a Service of its own, by the public address, or through the gateway's Service. */

import type { ObjectName } from "../../core/delivery.ts";

export interface Places {
  /** What stands before `/<namespace>/<listener>` for senders outside: `https://hooks.example.com`. */
  readonly publicUrl?: string;
  /** The Service in front of the gateways. */
  readonly service?: ObjectName;
  /** Of the cluster: `cluster.local`. */
  readonly domain: string;
}

/** The port of Tekton's Services (pkg/reconciler/eventlistener): URLs that were given out name it. */
export const PORT = 8_080;

/** Tekton's name for all it makes for a listener. */
export const serviceName = (listener: string): string => `el-${listener}`;

export function hostOf({ namespace, name }: ObjectName, { domain }: Pick<Places, "domain">): string {
  return `${name}.${namespace}.svc.${domain}`;
}

/**
 * @param own true where the listener has a Service of its own.
 * @returns empty when nobody said how the gateway is reached.
 */
export function addressOf({ namespace, name }: ObjectName, places: Places, own: boolean): string {
  if (own) return `http://${hostOf({ namespace, name: serviceName(name) }, places)}:${PORT}`;
  const { publicUrl, service } = places;
  if (publicUrl !== undefined) return `${publicUrl.replace(/\/+$/, "")}/${namespace}/${name}`;
  if (service === undefined) return "";
  return `http://${hostOf(service, places)}:${PORT}/${namespace}/${name}`;
}

/** The cluster's domain as a pod's resolv.conf searches it: `svc.cluster.local` stands among the others. */
export function clusterDomain(resolvConf: string): string {
  const searched = resolvConf
    .split("\n")
    .flatMap((line) => /^search\s+(.*)$/.exec(line)?.[1]?.split(/\s+/) ?? []);
  return searched.find((one) => one.startsWith("svc."))?.slice("svc.".length) || "cluster.local";
}
