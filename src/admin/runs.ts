/** Pages of what was created: counted in runs, though the ledger lists deliveries, of which one may have made many. */

import type { DeliveryFilter, DeliveryRecord, JobRecord, Ledger, Page } from "../core/ledger.ts";
import { invalid, isId } from "./fields.ts";

/** A run, and where it came from. */
export type CreatedRun = JobRecord["runs"][number] &
  Pick<JobRecord["job"], "delivery" | "trigger"> &
  Pick<DeliveryRecord, "listener" | "receivedAt">;

type Reads = Pick<Ledger, "find" | "list">;

/** A place in the list: behind some delivery, and before it what is left of one that did not fit. */
interface Place {
  /** The ledger's own cursor; undefined at the beginning, and behind the last delivery when `cut` is there. */
  readonly behind?: string | undefined;
  readonly cut?: { readonly delivery: string; readonly given: number };
}

/** Deliveries asked for together, at most. */
const MOST_DELIVERIES = 200;
/** Questions for one page; it ends short after them, so that no filter keeps a store busy for long. */
const MOST_QUESTIONS = 24;

/**
 * At most `limit` runs, newest delivery first. A page that has a `next` is full, but where thousands of deliveries
 * without runs were passed over.
 *
 * @throws SluiceError SLUICE_REQUEST_INVALID for a cursor that no page gave out.
 */
export async function listRuns(
  ledger: Reads,
  filter: DeliveryFilter,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<Page<CreatedRun>> {
  const { cut, behind } = placeOf(cursor);
  if (cut === undefined) return fill(ledger, filter, [], limit, behind);
  const { delivery, given } = cut;
  const rest = (await runsOf(ledger, delivery)).slice(given);
  const items = rest.slice(0, limit);
  if (rest.length > limit) return pageOf(items, { cut: { delivery, given: given + limit }, behind });
  if (rest.length === limit || behind === undefined) return pageOf(items, { behind });
  return fill(ledger, filter, items, limit, behind);
}

async function fill(
  ledger: Reads,
  filter: DeliveryFilter,
  begun: readonly CreatedRun[],
  limit: number,
  from: string | undefined,
): Promise<Page<CreatedRun>> {
  let items = begun;
  let behind = from;
  let size = limit;
  for (let asked = 0; asked < MOST_QUESTIONS; asked++) {
    const found = await ledger.list(filter, { limit: size, ...(behind !== undefined && { cursor: behind }) });
    const made = await Promise.all(
      found.items.map(({ id, runs }) => (runs.length > 0 ? runsOf(ledger, id) : [])),
    );
    const left = limit - items.length;
    const last = fullAt(made, left);
    if (last === undefined) {
      items = [...items, ...made.flat()];
      if (found.next === undefined) return { items };
      behind = found.next;
      size = Math.min(MOST_DELIVERIES, 2 * size);
    } else if (last < made.length - 1) {
      // The ledger says how to go on behind the last delivery of its page alone, so that one must be the last.
      size = last + 1;
    } else {
      const over = made.flat().length - left;
      const all = [...items, ...made.flat().slice(0, left)];
      const delivery = found.items[last]?.id;
      if (over === 0 || delivery === undefined) return pageOf(all, { behind: found.next });
      const given = (made[last]?.length ?? 0) - over;
      return pageOf(all, { cut: { delivery, given }, behind: found.next });
    }
  }
  return pageOf(items, { behind });
}

/** Which of these fills a page that has room for so many; undefined when all of them do not. */
function fullAt(made: readonly (readonly CreatedRun[])[], room: number): number | undefined {
  let sum = 0;
  const at = made.findIndex(({ length }) => {
    sum += length;
    return sum >= room;
  });
  return at < 0 ? undefined : at;
}

async function runsOf(ledger: Reads, delivery: string): Promise<readonly CreatedRun[]> {
  const record = await ledger.find(delivery);
  if (record === undefined) return [];
  const { listener, receivedAt, jobs } = record;
  return jobs.flatMap(({ job: { trigger }, runs }) =>
    runs.map((run) => ({ ...run, delivery, listener, trigger, receivedAt })),
  );
}

function pageOf(items: readonly CreatedRun[], { cut, behind }: Place): Page<CreatedRun> {
  const next = cut === undefined ? behind : `${cut.given}~${cut.delivery}~${behind ?? ""}`;
  return { items, ...(next !== undefined && { next }) };
}

/** A ledger's cursor has no `~`, and the ledger looks at what it is given itself. */
function placeOf(cursor: string | undefined): Place {
  if (cursor === undefined || !cursor.includes("~")) return { behind: cursor };
  const [given = "", delivery = "", behind = "", ...others] = cursor.split("~");
  if (!/^\d{1,6}$/.test(given) || !isId(delivery) || others.length > 0)
    throw invalid("cursor", "was given out by no page", "`next` of the page before");
  return { cut: { delivery, given: Number(given) }, behind: behind === "" ? undefined : behind };
}
