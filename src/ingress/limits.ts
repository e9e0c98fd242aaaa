/** What bodies may take: how large a listener's are, what decoding costs, and whose they are. */

import { DECODED_AT_ONCE } from "../core/decoder.ts";
import { createJsonCounter, decodeCost } from "../core/json-count.ts";
import type { ListenerPlan, TriggerPlan } from "../core/plan.ts";

export interface BodyLimits {
  /** Bytes; a listener may only lower it. */
  readonly maxBody: number;
  /** Bytes for listeners that take what nobody proved, unless the listener says otherwise. */
  readonly maxBodyUnproved: number;
}

/** @returns the limit of a plan's bodies in bytes. */
export function createBodyLimit({ maxBody, maxBodyUnproved }: BodyLimits): (plan: ListenerPlan) => number {
  // A listener may have thousands of triggers, and a plan never changes.
  const known = new WeakMap<ListenerPlan, number>();
  return (plan) => {
    let limit = known.get(plan);
    if (limit === undefined) {
      const own = plan.maxBodyBytes ?? (takesUnproved(plan) ? maxBodyUnproved : maxBody);
      limit = Math.min(own, maxBody);
      known.set(plan, limit);
    }
    return limit;
  };
}

/** Whether some trigger takes a delivery whose sender nobody proved. */
function takesUnproved({ groups, open }: ListenerPlan): boolean {
  const triggers = groups.flatMap((group) => group.triggers);
  return triggers.length === 0 ? open === true : triggers.some(demandsNothing);
}

function demandsNothing({ proofs, fault, unreadable }: TriggerPlan): boolean {
  if (fault?.code === "SLUICE_PROOF_UNDECLARED" || (fault !== undefined && unreadable)) return false;
  return proofs.length === 0;
}

/** The network that an address stands for: of IPv6, whose owner has many, the first half. */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return "";
  // An IPv4 address as a socket for both kinds shows it.
  const v4 = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  return [...groups, ...Array.from({ length: missing }, () => "0"), ...(tail ?? "").split(":")]
    .slice(0, 4)
    .join(":");
}

/** What decoding a body costs beside it, in bytes. Large bodies are decoded elsewhere, one after another. */
export function costOfDecoding(body: Buffer, exact: boolean): number {
  if (body.length > DECODED_AT_ONCE) return 0;
  if (!exact) return body.length * USUAL_COST;
  const counter = createJsonCounter();
  counter.feed(body);
  return decodeCost(body.length, counter.values);
}

/** What the payloads of Git hosts take beside themselves: 21 KB with 435 values take 82 KB more. */
const USUAL_COST = 4;
