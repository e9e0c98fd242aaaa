/** Dead letters put together by cause. */

import type { DeadGroup } from "../../core/ledger.ts";
import { causeOf } from "./cause.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { GROUP_IDS } from "./limits.ts";
import type { StoredSummary } from "./record.ts";

/** The fingerprint of a dead delivery that still needs somebody; undefined for one that was dropped. */
export function groupOf(stored: StoredSummary): string | undefined {
  return stored.dropped === undefined ? fingerprintOf(causeOf(stored)) : undefined;
}

/**
 * @param dead newest first.
 * @param bodiless ids of those whose body is gone.
 * @returns the most frequent first; of equals the one that was last seen.
 */
export function groupsOf(
  dead: readonly StoredSummary[],
  bodiless: ReadonlySet<string>,
): readonly DeadGroup[] {
  const groups = new Map<string, DeadGroup & { readonly deliveries: string[] }>();
  // Many die of one cause, word for word: each wording is looked at once.
  const known = new Map<string, string>();
  for (const stored of dead) {
    if (stored.dropped !== undefined) continue;
    const cause = causeOf(stored);
    const wording = `${cause.code}\t${cause.reason}`;
    const fingerprint = known.get(wording) ?? fingerprintOf(cause);
    known.set(wording, fingerprint);
    const { id, receivedAt } = stored.facts;
    const group = groups.get(fingerprint);
    const deliveries = group?.deliveries ?? [];
    if (deliveries.length < GROUP_IDS) deliveries.push(id);
    const bodiesGone = (group?.bodiesGone ?? 0) + (bodiless.has(id) ? 1 : 0);
    groups.set(fingerprint, {
      ...(group ?? { fingerprint, ...cause, lastAt: receivedAt }),
      count: (group?.count ?? 0) + 1,
      firstAt: receivedAt,
      deliveries,
      ...(bodiesGone > 0 && { bodiesGone }),
    });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || b.lastAt - a.lastAt);
}
