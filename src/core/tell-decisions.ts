/** What is told of decisions once they are kept: nothing of a trigger that waits, until it is decided. */

import type { Decision } from "./decision.ts";
import type { ObjectName } from "./delivery.ts";
import type { Tell } from "./fact.ts";

/** @param delivery the id. */
export function tellDecisions(
  tell: Tell,
  delivery: string,
  listener: ObjectName,
  decisions: readonly Decision[],
): void {
  for (const { trigger, shown, result, reason, code } of decisions) {
    if (result === "waiting") continue;
    const more = { ...(shown && { shown }), ...(code && { code }) };
    tell({ type: "decision.made", delivery, listener, trigger, result, reason, ...more });
  }
}
