/** Makes room among a listener's unproved deliveries: the bodies of its oldest dead letters go, their heads and digests stay. */

import type { ObjectName } from "../core/delivery.ts";
import type { Tell } from "../core/fact.ts";
import type { Ledger } from "../core/ledger.ts";

export interface ValveNeeds {
  readonly ledger: Pick<Ledger, "forgetBody" | "list" | "record" | "usage">;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly tell?: Tell;
}

/**
 * Drops bodies of unproved dead letters, oldest first. Bodies of dead letters are kept as long as these, so that nothing
 * else gives them back; what is pending keeps its body, and what is settled loses it by retention.
 *
 * @param keep bytes of unproved deliveries that the listener may keep.
 * @returns how many bodies went.
 */
export type DropBodies = (listener: ObjectName, keep: number) => Promise<number>;

const PAGE = 500;
/** Dead letters that are remembered while the oldest are looked for; of more, the newest are left out. */
const MOST = 50_000;
/** Bodies that are dropped between two looks at what is left, and at the same time. */
const STEP = 64;
/** One word in the audit log for each listener and so many milliseconds: a flood must not fill it. */
const TOLD_EVERY_MS = 3_600_000;

export function createValve({ ledger, clock, tell }: ValveNeeds): DropBodies {
  /** Up to when a listener's dead letters have no bodies any more. */
  const emptied = new Map<string, number>();
  const told = new Map<string, { at: number; bodies: number }>();

  async function oldest(
    name: string,
  ): Promise<readonly { readonly id: string; readonly receivedAt: number }[]> {
    const found: { readonly id: string; readonly receivedAt: number }[] = [];
    const since = emptied.get(name);
    let cursor: string | undefined;
    do {
      const filter = { outcome: "dead", listener: name, ...(since !== undefined && { since }) } as const;
      const { items, next } = await ledger.list(filter, {
        limit: PAGE,
        ...(cursor !== undefined && { cursor }),
      });
      for (const { id, receivedAt, proof, size } of items)
        if (proof === "none" && size > 0) found.push({ id, receivedAt });
      if (found.length > MOST) found.splice(0, found.length - MOST);
      cursor = next;
    } while (cursor !== undefined);
    return found.reverse();
  }

  return async (listener, keep) => {
    const name = `${listener.namespace}/${listener.name}`;
    const letters = await oldest(name);
    let dropped = 0;
    while (dropped < letters.length && (await ledger.usage(listener)).unproved > keep) {
      const step = letters.slice(dropped, dropped + STEP);
      await Promise.all(step.map(({ id }) => ledger.forgetBody(id)));
      dropped += step.length;
      emptied.set(name, step.at(-1)?.receivedAt ?? 0);
    }
    if (dropped === 0) return 0;
    tell?.({ type: "ledger.pruned", deliveries: 0, payloads: dropped });
    const last = told.get(name) ?? { at: Number.NEGATIVE_INFINITY, bodies: 0 };
    const bodies = last.bodies + dropped;
    const at = clock();
    if (at - last.at < TOLD_EVERY_MS) told.set(name, { at: last.at, bodies });
    else {
      told.set(name, { at, bodies: 0 });
      const reason = `room for unproved deliveries (--unproved-bytes): the bodies of ${bodies} dead letters went, the oldest first`;
      await ledger.record({ at, verb: "drop-bodies", subject: name, actor: "sluice", reason });
    }
    return dropped;
  };
}
