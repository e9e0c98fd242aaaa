/** The kubectl commands that grant a right, for refusals that name their own cure. */

import type { ObjectName } from "../core/delivery.ts";

export interface Grant {
  /** One, or several separated by commas. */
  readonly verb: string;
  /** As kubectl takes it, or several: `pipelineruns.tekton.dev`, `eventlisteners.triggers.tekton.dev/status`. */
  readonly resource: string;
  /** Absent or "": everywhere. */
  readonly namespace?: string;
  /** The objects that it is for; absent: all. */
  readonly resourceNames?: readonly string[];
  /** Name of the role; made of the rest by default. */
  readonly role?: string;
  /** Who gets it; absent: the gateway's own user. */
  readonly account?: ObjectName;
  /** The gateway's own user, where he is known; else the refusal names him. */
  readonly user?: string;
}

/** `kubectl create role … && kubectl create rolebinding …`, or their cluster-wide likes. */
export function grantCommand(grant: Grant): string {
  const { verb, resource, namespace = "", resourceNames = [], account, role } = grant;
  const scope = namespace === "" ? "cluster" : "";
  const place = namespace === "" ? "" : ` -n ${namespace}`;
  const plural = resource.replace(/[./,].*$/, "");
  const name = role ?? [account?.name ?? "sluice", verb, plural, ...resourceNames.slice(0, 1)].join("-");
  const only = resourceNames.map((one) => ` --resource-name=${one}`).join("");
  const create = `kubectl create ${scope}role ${name}${place} --verb=${verb} --resource=${resource}${only}`;
  return `${create} && kubectl create ${scope}rolebinding ${name}${place} --${scope}role=${name} ${subjectOf(grant)}`;
}

function subjectOf({ account, user }: Grant): string {
  if (account !== undefined) return `--serviceaccount=${account.namespace}:${account.name}`;
  if (user === undefined) return "--user=<the gateway's user>";
  const [, own] = /^system:serviceaccount:([^:]+:[^:]+)$/.exec(user) ?? [];
  return own === undefined ? `--user=${quoted(user)}` : `--serviceaccount=${own}`;
}

/** For a shell: names of users may hold anything. */
function quoted(text: string): string {
  return /^[\w@.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
