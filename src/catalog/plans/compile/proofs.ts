/** Which proofs a trigger's chain demands of a sender, and whether one that demands none says that this is meant. */

import type { SluiceError } from "../../../core/errors.ts";
import { fault } from "../../../core/errors.ts";
import type { ProofDemand } from "../../../core/interceptor.ts";
import type { ChainStep, ListenerPlan } from "../../../core/plan.ts";
import { countMacs, demandsOf, HASH_BUDGET, MAX_SECRETS } from "../../../core/proof.ts";
import type { InterceptorSpec } from "../../../core/tekton.ts";
import type { LocatedDeclarations, SelectedTrigger } from "../../index.ts";
import type { Ineffective } from "./ineffective.ts";

/** On a Trigger, or on a listener for all of its triggers. */
export const VERIFICATION = "sluice.dev/verification";

/** True for the one word that says: everybody may send. Absence says nothing, and neither does any other word. */
export function isDeclaredOpen(verification: string | undefined): boolean {
  return verification === "none";
}

/**
 * The proofs that a chain demands.
 *
 * @param known lists of before: all triggers with the same demands share one, so that an event has it checked once.
 */
export function proofsOf(
  chain: readonly ChainStep[],
  known: Map<string, readonly ProofDemand[]>,
): readonly ProofDemand[] {
  const demands = chain.flatMap(({ interceptor }) => interceptor.proofs ?? []);
  const key = JSON.stringify(demands);
  const same = known.get(key) ?? demands;
  known.set(key, same);
  return same;
}

/** True when something in the chain can tell a stranger from the sender. */
export function provesSender(chain: readonly ChainStep[]): boolean {
  return chain.some(({ interceptor: { proofs = [], provesSender, comparesSecret } }) => {
    return proofs.length > 0 || provesSender || comparesSecret;
  });
}

/** Parameters whose name says that a Secret is meant, however they are misspelt. */
const OF_SECRETS = /secret|token/i;
/** Built-ins that prove only where a parameter names a Secret. */
const WITH_SECRET: ReadonlySet<string> = new Set(["github", "gitlab", "bitbucket", "slack"]);

/** Whether an entry that cannot be compiled may have been written to prove the sender. */
export function mayProve({ ref, webhook, params }: InterceptorSpec): boolean {
  if (webhook !== undefined || ref?.kind !== "ClusterInterceptor") return true;
  if (ref.name === "cel") return JSON.stringify(params).includes("compareSecret");
  return !WITH_SECRET.has(ref.name) || Object.keys(params).some((name) => OF_SECRETS.test(name));
}

/** A listener with so many secrets that a large body cannot be held against all of them. */
export function tooManySecrets(plan: ListenerPlan): SluiceError | undefined {
  const count = countMacs(demandsOf(plan));
  if (count <= MAX_SECRETS) return undefined;
  const values = { listener: `${plan.namespace}/${plan.name}`, count: String(count) };
  const bytes = String(Math.floor(HASH_BUDGET / count));
  return fault("SLUICE_PROOF_SECRETS", { ...values, bytes, limit: String(MAX_SECRETS) });
}

/**
 * The fault of a trigger that proves nothing, where nobody wrote that this is meant.
 *
 * @param ignored parameters of its chain that have no effect: one of them may have been meant to name a Secret.
 */
export function proofUndeclared(
  trigger: SelectedTrigger,
  declarations: LocatedDeclarations,
  ignored: readonly Ineffective[],
): SluiceError {
  const at = declarations.locate?.(trigger.owner, trigger.path);
  const meant = ignored.find(({ field }) => OF_SECRETS.test(field));
  const cure = meant && `Correct the parameter of its interceptor ${meant.interceptor}: ${meant.reason}.`;
  return fault("SLUICE_PROOF_UNDECLARED", { trigger: trigger.shown, ...(cure && { cure }) }, at && { at });
}
