/** Searching the embedded ledger: conditions for the database, and what of them only a summary can answer. */

import type { DeliveryFilter, Page } from "../../../core/ledger.ts";
import type { SqliteDatabase, SqliteValue } from "../../../core/sqlite.ts";
import { decodeDecisions } from "../codec.ts";
import { SEARCH_WORK } from "../limits.ts";
import { bareName, fullName, sifted } from "../named.ts";
import {
  cleanFilter,
  cursorOf,
  matchesRest,
  type Place,
  pageSize,
  placeOf,
  REVISION_PREFIX,
  type Rest,
  restOf,
  wholeMs,
} from "../page.ts";
import { type StoredSummary, summaryOf } from "../record.ts";
import { SUMMARY, type SummaryRow, storedOf } from "./rows.ts";

export interface PageOf {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

interface Query {
  /** `FROM … WHERE …`. */
  readonly from: string;
  readonly values: readonly SqliteValue[];
  /** `ORDER BY …`. */
  readonly order: string;
}

/**
 * A page of what matches, newest first. `next` is missing only at the end: a page that ran out of work is short, and has
 * one.
 *
 * @param keep asked last, of what matches otherwise.
 */
export function search(
  db: SqliteDatabase,
  filter: DeliveryFilter,
  page: PageOf,
  keep?: (found: StoredSummary) => boolean,
): Page<StoredSummary> {
  const wanted = cleanFilter(filter);
  const limit = pageSize(page.limit);
  const behind = page.cursor === undefined ? undefined : placeOf(page.cursor);
  if (!isWhole(restOf(wanted)) || keep !== undefined) return sift(db, wanted, behind, limit, keep);
  // One more than asked for tells whether there is a next page.
  const rows = read(db, wanted, behind, limit + 1);
  const items = rows.slice(0, limit).map(storedOf);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, ...(last !== undefined && { next: cursorOf(last.facts) }) };
}

/** Reads on until a page is full, as far as the work of one page goes. */
function sift(
  db: SqliteDatabase,
  wanted: DeliveryFilter,
  behind: Place | undefined,
  limit: number,
  keep: (found: StoredSummary) => boolean = () => true,
): Page<StoredSummary> {
  const rest = restOf(wanted);
  const items: StoredSummary[] = [];
  let from = behind;
  for (let done = 0, step = 2 * limit; done < SEARCH_WORK; done += step, step *= 2) {
    step = Math.min(step, SEARCH_WORK - done);
    const found = read(db, wanted, from, step).map(storedOf);
    for (const stored of found.flatMap((one) => meant(db, rest, one))) {
      if (!matchesRest(rest, summaryOf(stored)) || !keep(stored)) continue;
      if (items.length === limit) return { items, next: cursorOf((items.at(-1) as StoredSummary).facts) };
      items.push(stored);
    }
    if (found.length < step) return { items };
    from = found.at(-1)?.facts;
  }
  return { items, ...(from !== undefined && { next: cursorOf(from) }) };
}

/** @returns undefined where only summaries can tell: then pages have to be counted. */
export function count(db: SqliteDatabase, filter: DeliveryFilter): number | undefined {
  const wanted = cleanFilter(filter);
  if (!isWhole(restOf(wanted))) return undefined;
  const { from, values } = queryOf(wanted, undefined);
  return db.get<{ count: number }>(`SELECT count(*) AS count ${from}`, ...values)?.count ?? 0;
}

/** Whether the database itself can answer it all. */
const isWhole = ({ words, trigger, notFired }: Rest): boolean =>
  words.length === 0 && trigger === undefined && notFired === undefined;

function read(
  db: SqliteDatabase,
  wanted: DeliveryFilter,
  behind: Place | undefined,
  limit: number,
): readonly SummaryRow[] {
  const { from, values, order } = queryOf(wanted, behind);
  return db.all<SummaryRow>(`SELECT ${SUMMARY} ${from} ${order} LIMIT ?`, ...values, limit);
}

/** It, where this very trigger matched or failed, or did not: the table of triggers has their names alone. */
function meant(db: SqliteDatabase, rest: Rest, stored: StoredSummary): readonly StoredSummary[] {
  if (rest.trigger === undefined && rest.notFired === undefined) return [stored];
  const row = db.get<{ decisions: Uint8Array | null }>(
    "SELECT decisions FROM content WHERE id = ?",
    stored.facts.id,
  );
  return row?.decisions == null ? [] : sifted(stored, decodeDecisions(row.decisions), rest);
}

function queryOf(wanted: DeliveryFilter, behind: Place | undefined): Query {
  const values: SqliteValue[] = [];
  const conditions = ["true"];
  const where = (condition: string, ...given: readonly (SqliteValue | undefined)[]) => {
    const known = given.filter((value) => value !== undefined);
    if (known.length < given.length) return;
    conditions.push(condition);
    values.push(...known);
  };
  // Triggers stand in a table of their own, in the same order: the search begins there.
  const [table, at, id] =
    wanted.trigger === undefined
      ? ["delivery AS d", "d.received_at", "d.id"]
      : ["fired AS f JOIN delivery AS d ON d.id = f.delivery", "f.received_at", "f.delivery"];
  where("f.trigger = ?", wanted.trigger && bareName(wanted.trigger));
  where("d.outcome = ?", wanted.outcome);
  where("d.namespace = ?", wanted.namespace);
  where("d.listener = ?", wanted.listener);
  where("d.provider = ?", wanted.provider);
  where("d.event = ?", wanted.event);
  where("d.repository = ?", wanted.repository);
  where("d.ref = ?", wanted.ref);
  where("substr(d.revision, 1, 7) = ?", wanted.revision?.slice(0, REVISION_PREFIX));
  if ((wanted.revision?.length ?? 0) >= REVISION_PREFIX)
    where("substr(d.revision, 1, length(?)) = ?", wanted.revision, wanted.revision);
  else where("d.revision = ?", wanted.revision);
  where("d.pull_request = ?", wanted.pullRequest);
  where("d.actor = ?", wanted.actor);
  where("d.provider_id = ?", wanted.providerId);
  where("d.replay_of = ?", wanted.replayOf);
  const made = "d.id IN (SELECT delivery FROM run WHERE object = ?";
  const object = fullName(wanted.object);
  if (object === undefined) where(`${made})`, wanted.object);
  else
    where(
      `${made} AND substr(name, instr(name, ' ') + 1) = ?)`,
      object.name,
      `${object.namespace}/${object.name}`,
    );
  where(`${at} >= ?`, wholeMs(wanted.since));
  where(`${at} < ?`, wholeMs(wanted.until));
  if (behind !== undefined) where(`(${at}, ${id}) < (?, ?)`, behind.receivedAt, behind.id);
  return {
    from: `FROM ${table} WHERE ${conditions.join(" AND ")}`,
    values,
    order: `ORDER BY ${at} DESC, ${id} DESC`,
  };
}
