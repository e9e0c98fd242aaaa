/** What is said of proofs outside of src/verify: their names in records, and the distinct demands of a listener. */

import type { ProofDemand } from "./interceptor.ts";
import type { ListenerPlan } from "./plan.ts";

const names = new WeakMap<ProofDemand, string>();

/**
 * The name of a proof in records: `github(ci/hook/token)`, with parameters behind the secret. Escaped, so that no choice
 * of names lets one demand pass for another.
 */
export function proofName(demand: ProofDemand): string {
  const known = names.get(demand);
  if (known !== undefined) return known;
  const { scheme, secret, parameters = [] } = demand;
  const place = secret === undefined ? ["", "", ""] : [secret.namespace, secret.name, secret.key];
  const name = `${scheme}(${[...place, ...parameters].map(encodeURIComponent).join("/")})`;
  names.set(demand, name);
  return name;
}

/** True when a record of proofs names one that held. A remote interceptor that let the delivery pass leaves none. */
export function wasProved(record: string): boolean {
  return record !== NOTHING_PROVED;
}

/** The record of a delivery of which nothing was proved. */
export const NOTHING_PROVED = "none";

const demands = new WeakMap<ListenerPlan, readonly ProofDemand[]>();

/** The distinct demands of a listener's triggers, in their order. */
export function demandsOf(plan: ListenerPlan): readonly ProofDemand[] {
  const known = demands.get(plan);
  if (known !== undefined) return known;
  const lists = new Set(plan.groups.flatMap(({ triggers }) => triggers.map(({ proofs }) => proofs)));
  const distinct = new Map([...lists].flat().map((demand) => [proofName(demand), demand]));
  const found = [...distinct.values()];
  demands.set(plan, found);
  return found;
}

/**
 * Bytes that are hashed at most for one delivery, over all secrets. A MAC starts from its key, so each secret costs a
 * pass over the body: 256 MiB are 10 secrets for a body of 25 MB and 200 for one of 1.3 MB, and 0.16 s on a processor
 * with SHA extensions.
 */
export const HASH_BUDGET = 256 * 1024 * 1024;

/** Secrets that one listener should check signatures under: a body of 2.6 MB can be held against so many. */
export const MAX_SECRETS = 100;

const MACS: ReadonlySet<string> = new Set([
  ...["github", "gitlab", "bitbucket", "slack", "hmac", "standard-webhooks"],
]);

/** How many of these demands cost a pass over the body. */
export function countMacs(demands: readonly ProofDemand[]): number {
  return demands.filter(({ scheme }) => MACS.has(scheme)).length;
}
