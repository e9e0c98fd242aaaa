/** What is refused before anything is stored: listeners that cannot be read, senders without proof, bodies that are no JSON. */

import type { Delivery, Payload } from "../core/delivery.ts";
import { fault, reasonOf, SluiceError } from "../core/errors.ts";
import { type HeaderMap, header } from "../core/headers.ts";
import { isJsonObject } from "../core/json.ts";
import type { ListenerPlan, TriggerPlan } from "../core/plan.ts";
import type { DeliveryProofs, OpenProofs, ProofFailure } from "../verify/index.ts";

/** @throws SluiceError SLUICE_LISTENER_BROKEN: none of its triggers can be found. */
export function refuseBroken({ namespace, name, fault: cause }: ListenerPlan): void {
  if (cause === undefined) return;
  const values = { listener: `${namespace}/${name}`, reason: cause.message };
  throw fault("SLUICE_LISTENER_BROKEN", values, { cause });
}

/** Why a trigger does not trust a sender: for the log, and as much of it as the sender may know. */
interface Unproved {
  readonly reason: string;
  readonly told: string;
  /** What helps, where another secret does not. */
  readonly cure?: string;
  /** What is said instead, where that he is none of the right senders is not known: not every secret could be tried. */
  readonly beyond?: SluiceError;
  readonly diagnose?: () => Promise<string>;
}

/**
 * Refuses by the head of a request what no body can prove: when every trigger demands a proof, and none of these proofs
 * is in the head. Nothing of the body needs to be read then.
 *
 * @throws SluiceError SLUICE_UNVERIFIED.
 */
export function refuseByHead(plan: ListenerPlan, proofs: OpenProofs): void {
  let first: Unproved | undefined;
  for (const { triggers } of plan.groups) {
    for (const trigger of triggers) {
      const reason = trustsNobody(trigger, plan) ?? hopeless(trigger, proofs);
      if (reason === undefined) return;
      // Who is not known of cannot be refuted by a missing header.
      if (first === undefined || reason.beyond !== undefined) first = reason;
    }
  }
  if (first !== undefined) throw first.beyond ?? unverified(first);
}

function unverified({ reason, told, cure }: Unproved, more = ""): SluiceError {
  const cures = cure === undefined ? {} : { cure, toldCure: cure };
  return fault("SLUICE_UNVERIFIED", { reason: `${reason}${more}`, told, ...cures });
}

function hopeless({ proofs: demands }: TriggerPlan, proofs: OpenProofs): Unproved | undefined {
  for (const demand of demands) {
    const failure = proofs.ruledOut(demand);
    if (failure !== undefined) return unprovedBy(failure);
  }
  return undefined;
}

/**
 * 401 only when proof was demanded by every candidate trigger and failed for all. Every demand is checked, not just the
 * first that holds: the ledger remembers which did, for the worker and for replays.
 *
 * A listener without triggers has nobody to say who may send to it: what comes is kept only where that was spelled out.
 *
 * @throws SluiceError SLUICE_UNVERIFIED, SLUICE_LISTENER_EMPTY, SLUICE_PROOF_AWAY when a Secret cannot be read just now,
 *   SLUICE_PROOF_BUDGET when the body is too large to be checked against all secrets, or SLUICE_TRIGGER_UNSEEN when a
 *   right cannot be asked for.
 */
export async function refuseUnproved(plan: ListenerPlan, proofs: DeliveryProofs): Promise<void> {
  const triggers = plan.groups.flatMap((group) => group.triggers);
  if (triggers.length === 0 && !plan.open)
    throw fault("SLUICE_LISTENER_EMPTY", { listener: `${plan.namespace}/${plan.name}` });
  const reasons = await Promise.all(distinct(triggers).map((trigger) => unproved(trigger, plan, proofs)));
  const [first] = reasons;
  if (first === undefined || reasons.includes(undefined)) return;
  const beyond = reasons.find((reason) => reason?.beyond)?.beyond;
  if (beyond !== undefined) throw beyond;
  throw unverified(first, (await first.diagnose?.()) ?? "");
}

/** The triggers that differ in whom they trust: those of one file often share their demands. */
function distinct(triggers: readonly TriggerPlan[]): readonly TriggerPlan[] {
  if (triggers.length < 2) return triggers;
  const seen = new Set<TriggerPlan["proofs"]>();
  return triggers.filter(({ proofs, fault: broken, barred }) => {
    if (broken !== undefined || barred !== undefined) return true;
    const isNew = !seen.has(proofs);
    seen.add(proofs);
    return isNew;
  });
}

/** Undefined where it does trust him. */
async function unproved(
  trigger: TriggerPlan,
  plan: ListenerPlan,
  proofs: DeliveryProofs,
): Promise<Unproved | undefined> {
  const { barred } = trigger;
  if (barred?.retry === "soon") throw barred;
  if (barred !== undefined)
    return { reason: `${barred.message}. ${barred.fix}`, told: "the listener may not say how" };
  const nobody = trustsNobody(trigger, plan);
  if (nobody !== undefined) return nobody;
  let first: Unproved | undefined;
  for (const demand of trigger.proofs) {
    const proof = await proofs.check(demand);
    if (proof.ok) continue;
    // Neither proved nor refuted: it cannot be kept, since its signature would have to be kept with it.
    if (proof.transient) throw fault("SLUICE_PROOF_AWAY", { reason: proof.reason });
    const beyond = proof.code === "SLUICE_PROOF_BUDGET" ? { beyond: proof.error } : {};
    const { diagnose } = proof;
    first ??= { ...unprovedBy(proof), ...beyond, ...(diagnose && { diagnose }) };
  }
  return first;
}

/** True words of a trigger that no proof can open. */
function trustsNobody(
  { fault: broken, unreadable }: TriggerPlan,
  { namespace, name }: ListenerPlan,
): Unproved | undefined {
  if (broken?.code !== "SLUICE_PROOF_UNDECLARED" && !(broken && unreadable)) return undefined;
  const reason = `${broken.message}. ${broken.fix}`;
  if (!unreadable) return { reason, told: "the listener does not say how" };
  // The mistake is the operator's: a host that is told 401 switches its hook off.
  const values = { listener: `${namespace}/${name}`, reason: broken.message };
  return { reason, told: "", beyond: fault("SLUICE_LISTENER_BROKEN", values, { cause: broken }) };
}

/** What the sender sent is his own; which Secret it was held against, and whether there is one, is not. */
function unprovedBy(failure: ProofFailure): Unproved {
  const { code, reason, error } = failure;
  const told = toldOf(failure);
  return code === "SLUICE_PROOF_STALE" ? { reason, told, cure: error.fix } : { reason, told };
}

function toldOf({ code, place, error }: ProofFailure): string {
  // Both times are known to the sender: its own, and ours from any answer.
  if (code === "SLUICE_PROOF_STALE") return error.message;
  const isMissing = code === "SLUICE_SIGNATURE_MISSING" || code === "SLUICE_PROOF_MISSING";
  return `${place} ${isMissing ? "is missing" : "does not match"}`;
}

const BOM = Buffer.from("\ufeff");
/** Bytes that the name of a form's first field may have. */
const MAX_FIELD = 256;
const NO_MARK = "Let the sender write UTF-8 without a byte order mark (BOM).";

/** A Git host's interceptor reads no form, however the listener is set: only JSON helps. */
function cureOfForm(headers: HeaderMap): { readonly cure?: string } {
  const host = FORM_HOSTS.find(([name]) => header(headers, name) !== undefined)?.[1];
  if (host === undefined) return {};
  return {
    cure: `Set the webhook's content type to application/json, on its page at ${host}; nothing else helps.`,
  };
}

const FORM_HOSTS = [
  // They send GitHub's header as well.
  ["X-Gitea-Event", "Gitea or Forgejo"],
  ["X-Gogs-Event", "Gogs"],
  ["X-GitHub-Event", "GitHub"],
] as const;

/**
 * Tekton's rule for a body: a JSON object, or null.
 *
 * @throws SluiceError SLUICE_BODY_NOT_JSON; SLUICE_BODY_VALUES; SLUICE_FORM where the sender should have been told to send JSON.
 */
export function refuseNoJson(payload: Payload, { headers, body }: Delivery): void {
  let reason = "it is JSON, but no object";
  try {
    const value = payload.json();
    if (value === null || isJsonObject(value)) return;
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    const form = /^application\/x-www-form-urlencoded/i.test(header(headers, "Content-Type") ?? "");
    // The text of a large body is never made whole: it takes up to 100 ms and three times its bytes.
    if (form && /^[\w.-]+=/.test(body.toString("latin1", 0, MAX_FIELD)))
      throw fault("SLUICE_FORM", cureOfForm(headers));
    reason = body.length === 0 ? "the body is empty" : reasonOf(error);
    if (BOM.equals(body.subarray(0, BOM.length)))
      throw fault("SLUICE_BODY_NOT_JSON", { reason, cure: NO_MARK });
  }
  throw fault("SLUICE_BODY_NOT_JSON", { reason });
}
