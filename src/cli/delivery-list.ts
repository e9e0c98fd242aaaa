/** Lists of deliveries for people: one line each. */

import type { QueueReport } from "../admin/index.ts";
import type { DeliverySummary, Page } from "../core/ledger.ts";
import { ago, type Console, oneLine } from "./console.ts";
import { hindrances } from "./queue-report.ts";

const NOTHING = "no delivery matches: values are compared whole, capitals too; --text finds words anywhere";
const NONE_YET = "there is no delivery yet";
const HEADING = ["ID", "AGE", "OUTCOME", "LISTENER", "EVENT", "REPOSITORY", "WHY"];

/**
 * A page as a table, and how to go on.
 *
 * @param queue says what keeps pending ones from being created.
 * @param all whether every delivery was asked for.
 */
export function printList(
  console: Console,
  { items, next }: Page<DeliverySummary>,
  queue?: QueueReport,
  all = false,
): void {
  const now = Date.now();
  const rows = items.map((item) => row(item, ago(item.receivedAt, now)));
  if (rows.length > 0) console.table(HEADING, rows);
  else console.note(next !== undefined ? "no delivery matches so far" : all ? NONE_YET : NOTHING);
  for (const line of queue === undefined ? [] : hindrances(queue))
    console.note(console.colors.yellow(oneLine(`pending ones wait: ${line}`)));
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
