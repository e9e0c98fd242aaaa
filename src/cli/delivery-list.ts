/** Lists of deliveries for people: one line each. */

import type { DeliverySummary, Page } from "../core/ledger.ts";
import { ago, type Console, oneLine } from "./console.ts";

const HEADING = ["ID", "AGE", "OUTCOME", "LISTENER", "EVENT", "REPOSITORY", "WHY"];

/** A page as a table, and how to go on. */
export function printList(console: Console, { items, next }: Page<DeliverySummary>): void {
  if (items.length === 0) {
    console.note("no delivery matches");
    return;
  }
  const now = Date.now();
  console.table(
    HEADING,
    items.map((item) => row(item, ago(item.receivedAt, now))),
  );
  if (next !== undefined) console.note(`more: --cursor ${next}`);
}

/** One delivery as a line of its own, for output that never ends: columns as wide as they usually are. */
export function printLine(console: Console, item: DeliverySummary): void {
  const [id = "", age = "", outcome = "", ...rest] = row(item, new Date(item.receivedAt).toISOString());
  console.out(oneLine([id, age, outcome.padEnd(9), ...rest].join("  ").trimEnd()));
}

function row(item: DeliverySummary, when: string): string[] {
  const { id, outcome, listener, provider, event, repository = "", reason } = item;
  const why = reason.length > 80 ? `${reason.slice(0, 79)}…` : reason;
  return [
    id,
    when,
    outcome,
    `${listener.namespace}/${listener.name}`,
    `${provider} ${event}`,
    repository,
    why,
  ];
}
