/** The kubectl commands that grant a right, for refusals that name their own cure. */

import type { ObjectName } from "../core/delivery.ts";

export interface Grant {
  readonly verb: string;
  /** As kubectl takes it: `pipelineruns.tekton.dev`, `eventlisteners.triggers.tekton.dev/status`. */
  readonly resource: string;
  /** Absent or "": everywhere. */
  readonly namespace?: string;
  /** The one object that it is for. */
  readonly resourceName?: string;
  /** Who gets it; absent: the gateway's own user, whom the refusal names. */
  readonly account?: ObjectName;
}

/** `kubectl create role … && kubectl create rolebinding …`, or their cluster-wide likes. */
export function grantCommand({ verb, resource, namespace = "", resourceName, account }: Grant): string {
  const scope = namespace === "" ? "cluster" : "";
  const place = namespace === "" ? "" : ` -n ${namespace}`;
  const who = account?.name ?? "sluice";
  const name = [who, verb, resource.replace(/[./].*$/, ""), ...(resourceName ? [resourceName] : [])].join(
    "-",
  );
  const only = resourceName ? ` --resource-name=${resourceName}` : "";
  const subject = account
    ? `--serviceaccount=${account.namespace}:${account.name}`
    : "--user=<the gateway's user>";
  const role = `kubectl create ${scope}role ${name}${place} --verb=${verb} --resource=${resource}${only}`;
  return `${role} && kubectl create ${scope}rolebinding ${name}${place} --${scope}role=${name} ${subject}`;
}
