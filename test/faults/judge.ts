/** The judge: whether every accepted delivery has its objects, each once, and nothing else exists. Believes no gateway. */

import type { Audit } from "../../src/core/ledger.ts";
import type { Sent } from "../helpers/load.ts";

/** One object as the API server holds it. */
export interface Made {
  readonly name: string;
  /** The sender's delivery id, which the template wrote into it. */
  readonly delivery: string;
  /** The gateway's event id. */
  readonly event: string;
  readonly trigger: string;
}

export interface Evidence {
  /** Each must have made exactly one object of each accepted delivery; no other may have made any. */
  readonly triggers: readonly string[];
  /** What the client sent, and the 202s that it saw. */
  readonly sent: readonly Pick<Sent, "delivery" | "event">[];
  /** What the API server holds when nothing is pending any more. */
  readonly objects: readonly Made[];
  readonly audit: Audit;
}

export interface Verdict {
  /** Delivery ids that were answered 202. */
  readonly accepted: number;
  /** Delivery ids that were never answered 202, but were stored: all their objects exist. */
  readonly unanswered: number;
  /** Objects of accepted deliveries that do not exist, and of others that exist only in part. */
  readonly lost: number;
  /** Objects that exist a second time. */
  readonly twice: number;
  /** Objects that nobody asked for. */
  readonly strangers: number;
  /** Everything that is wrong, in words; empty when nothing is. */
  readonly faults: readonly string[];
}

/**
 * Judges a run. A delivery that the client gave up may have been stored or not, for the answer may have been lost on its
 * way: it must have all of its objects or none.
 */
export function judge({ triggers, sent, objects, audit }: Evidence): Verdict {
  const lost: string[] = [];
  const twice: string[] = [];
  const strangers: string[] = [];
  const other: string[] = [];

  const byDelivery = Map.groupBy(objects, ({ delivery }) => delivery);
  const answers = Map.groupBy(sent, ({ delivery }) => delivery);
  let accepted = 0;
  let unanswered = 0;
  for (const [delivery, tries] of answers) {
    const made = byDelivery.get(delivery) ?? [];
    const events = new Set(tries.flatMap(({ event }) => event ?? []));
    if (events.size > 1) other.push(`${delivery} was answered with ${events.size} event ids`);
    if (events.size > 0) accepted++;
    else if (made.length > 0) unanswered++;
    else continue;

    const [event = made[0]?.event] = events;
    for (const trigger of triggers) {
      const count = made.filter((object) => object.trigger === trigger && object.event === event).length;
      if (count === 0) lost.push(`${delivery} has no object of ${trigger}`);
      if (count > 1) twice.push(...Array(count - 1).fill(`${delivery} has ${count} objects of ${trigger}`));
    }
    for (const { name, trigger, event: found } of made) {
      if (found !== event) strangers.push(`${name} has event ${found}, ${delivery} was answered ${event}`);
      else if (!triggers.includes(trigger)) strangers.push(`${name} was made by ${trigger}`);
    }
  }
  for (const { name, delivery } of objects) {
    if (!answers.has(delivery)) strangers.push(`${name} is of ${delivery}, which nobody sent`);
  }
  const names = new Set(objects.map(({ name }) => name));
  if (names.size !== objects.length) other.push(`${objects.length} objects have ${names.size} names`);

  return {
    accepted,
    unanswered,
    lost: lost.length,
    twice: twice.length,
    strangers: strangers.length,
    faults: [
      ...some("lost", lost),
      ...some("twice", twice),
      ...some("stranger", strangers),
      ...other,
      ...againstAudit(audit, byDelivery.size, objects.length),
    ],
  };
}

/** The gateway's own account must say the same. */
function againstAudit(audit: Audit, deliveries: number, objects: number): string[] {
  const faults = audit.violations.map((violation) => `audit: ${violation}`);
  const expect = (what: string, found: number, wanted: number): void => {
    if (found !== wanted) faults.push(`audit: ${what} is ${found}, expected ${wanted}`);
  };
  expect("pending", audit.pending, 0);
  expect("pendingJobs", audit.pendingJobs.length, 0);
  expect("dead", audit.dead, 0);
  expect("filtered", audit.filtered, 0);
  expect("created", audit.created, deliveries);
  expect("runs", audit.runs, objects);
  expect("accepted", audit.accepted, audit.created + audit.duplicate);
  return faults;
}

/** At most five of a kind: two thousand lines tell no more. */
const SHOWN = 5;

function some(kind: string, faults: readonly string[]): string[] {
  const shown = faults.slice(0, SHOWN).map((fault) => `${kind}: ${fault}`);
  const more = faults.length - SHOWN;
  return more > 0 ? [...shown, `${kind}: and ${more} more`] : shown;
}
