/** Searching the SQL ledger: conditions for the database, and what of them only a summary can answer. */

import type { DeliveryFilter, DeliverySummary, Page } from "../../../core/ledger.ts";
import type { SqlClient } from "../../../core/sql.ts";
import { decodeDecisions } from "../codec.ts";
import { PAGE_MAX, SEARCH_WORK } from "../limits.ts";
import { bareName, fullName, sifted } from "../named.ts";
import type { Place, Rest } from "../page.ts";
import {
  cleanFilter,
  cursorOf,
  matchesRest,
  pageSize,
  placeOf,
  REVISION_PREFIX,
  restOf,
  wholeMs,
} from "../page.ts";
import type { StoredSummary } from "../record.ts";
import { summaryOf } from "../record.ts";
import type { Big, SummaryRow } from "./rows.ts";
import { SUMMARY, storedOf } from "./rows.ts";

interface Query {
  /** `FROM … WHERE …`. */
  readonly from: string;
  readonly values: unknown[];
  /** Columns by which it is ordered. */
  readonly order: readonly [receivedAt: string, id: string];
}

/** Newest first. `next` is missing only at the end: a page that ran out of work is short, and has one. */
export async function listSql(
  client: SqlClient,
  filter: DeliveryFilter,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<DeliverySummary>> {
  const { items, next } = await searchSql(client, filter, page);
  return { items: items.map(summaryOf), ...(next !== undefined && { next }) };
}

/**
 * A page of what matches.
 *
 * @param keep asked last, of what matches otherwise.
 */
export async function searchSql(
  client: SqlClient,
  filter: DeliveryFilter,
  page: { readonly limit: number; readonly cursor?: string },
  keep?: (found: StoredSummary) => boolean,
): Promise<Page<StoredSummary>> {
  const wanted = cleanFilter(filter);
  const limit = pageSize(page.limit);
  const behind = page.cursor === undefined ? undefined : placeOf(page.cursor);
  if (isAllSql(restOf(wanted)) && keep === undefined) {
    // One more than asked for tells whether there is a next page.
    const rows = await read(client, wanted, behind, limit + 1);
    const items = rows.slice(0, limit).map(storedOf);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items, ...(last !== undefined && { next: cursorOf(last.facts) }) };
  }
  return sift(client, wanted, behind, limit, keep ?? (() => true));
}

/** Reads on until a page is full, as far as the work of one page goes. */
async function sift(
  client: SqlClient,
  wanted: DeliveryFilter,
  behind: Place | undefined,
  limit: number,
  keep: (found: StoredSummary) => boolean,
): Promise<Page<StoredSummary>> {
  const rest = restOf(wanted);
  const items: StoredSummary[] = [];
  let from = behind;
  for (let done = 0, step = 2 * limit; done < SEARCH_WORK; done += step, step *= 2) {
    step = Math.min(step, SEARCH_WORK - done);
    const places = await look(client, wanted, from, step);
    for (const stored of await fired(client, rest, await fetch(client, places, rest.words))) {
      if (!matchesRest(rest, summaryOf(stored)) || !keep(stored)) continue;
      if (items.length === limit) return { items, next: cursorOf((items.at(-1) as StoredSummary).facts) };
      items.push(stored);
    }
    if (places.length < step) return { items };
    from = places.at(-1);
  }
  return { items, ...(from !== undefined && { next: cursorOf(from) }) };
}

export async function countSql(client: SqlClient, filter: DeliveryFilter): Promise<number> {
  const wanted = cleanFilter(filter);
  if (isAllSql(restOf(wanted))) {
    const { from, values } = queryOf(wanted, undefined);
    const [row] = await client.query<{ count: number | string }>(`SELECT count(*) AS count ${from}`, values);
    return Number(row?.count ?? 0);
  }
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = { limit: PAGE_MAX, ...(cursor !== undefined && { cursor }) };
    const { items, next } = await searchSql(client, filter, page);
    count += items.length;
    cursor = next;
  } while (cursor !== undefined);
  return count;
}

/** Whether the database itself can answer it all. */
const isAllSql = ({ words, trigger, notFired }: Rest): boolean =>
  words.length === 0 && trigger === undefined && notFired === undefined;

async function read(
  client: SqlClient,
  wanted: DeliveryFilter,
  behind: Place | undefined,
  limit: number,
): Promise<readonly SummaryRow[]> {
  const { from, values, order } = queryOf(wanted, behind);
  const [receivedAt, id] = order;
  return client.query<SummaryRow>(
    `SELECT ${SUMMARY} ${from} ORDER BY ${receivedAt} DESC, ${id} DESC LIMIT ${limit}`,
    values,
  );
}

/** The next deliveries that meet the conditions, words aside. */
async function look(
  client: SqlClient,
  wanted: DeliveryFilter,
  behind: Place | undefined,
  limit: number,
): Promise<readonly Place[]> {
  const { from, values, order } = queryOf(wanted, behind);
  const rows = await client.query<{ id: string; received_at: Big }>(
    `SELECT d.id, d.received_at ${from} ORDER BY ${order[0]} DESC, ${order[1]} DESC LIMIT ${limit}`,
    values,
  );
  return rows.map((row) => ({ id: row.id, receivedAt: Number(row.received_at) }));
}

/** Those of the places in which the words may stand: a summary has still to be asked. */
async function fetch(
  client: SqlClient,
  places: readonly Place[],
  words: readonly string[],
): Promise<readonly StoredSummary[]> {
  const values: unknown[] = [places.map(({ id }) => id)];
  // What the database folds to lower case as we do, and what no escape of JSON changes.
  const plain = words.filter((word) => /^[\w./:@+-]+$/.test(word));
  const may = plain.map((word) => `AND strpos(all_words, $${values.push(word)}) > 0`);
  const rows = await client.query<SummaryRow>(
    `SELECT ${SUMMARY} FROM sluice.delivery AS d, LATERAL (SELECT ${WORDS}) AS w (all_words)
    WHERE d.id = ANY ($1::text[]) ${may.join(" ")} ORDER BY d.received_at DESC, d.id DESC`,
    values,
  );
  return rows.map(storedOf);
}

/** Those of what was found of which this very trigger matched or failed: the database knows its name alone. */
async function fired(
  client: SqlClient,
  { trigger, notFired }: Rest,
  found: readonly StoredSummary[],
): Promise<readonly StoredSummary[]> {
  if ((trigger === undefined && notFired === undefined) || found.length === 0) return found;
  const rows = await client.query<{ id: string; decisions: Uint8Array }>(
    "SELECT id, decisions FROM sluice.delivery WHERE id = ANY ($1::text[]) AND decisions IS NOT NULL",
    [found.map(({ facts }) => facts.id)],
  );
  const decisions = new Map(rows.map(({ id, decisions }) => [id, decisions]));
  return found.flatMap((one) => {
    const stored = decisions.get(one.facts.id);
    return stored === undefined ? [] : sifted(one, decodeDecisions(stored), { trigger, notFired });
  });
}

/** At least the words of a summary, those of its reason too (see storage/ledger/record.ts), in lower case. */
const WORDS = `lower(concat_ws(' ', d.id, d.namespace, d.listener, d.outcome, d.provider, d.event, d.provider_id,
  d.repository, d.ref, d.revision, d.pull_request, d.actor, d.proof, d.replay_of, d.duplicate_of, d.note, d.dropped,
  d.said, d.tried, CASE d.outcome
    WHEN 'duplicate' THEN 'the same as ' || d.duplicate_of || ', which came first'
    WHEN 'pending' THEN 'waits for a worker to decide waits to be created will be tried again:'
    WHEN 'created' THEN 'created nothing and more'
  END, (SELECT string_agg(r.name, ' ') FROM sluice.run AS r WHERE r.delivery = d.id)))`;

function queryOf(wanted: DeliveryFilter, behind: Place | undefined): Query {
  const values: unknown[] = [];
  const conditions = ["true"];
  const where = (condition: string, value: unknown) => {
    if (value !== undefined) conditions.push(condition.replace("?", () => `$${values.push(value)}`));
  };
  // Triggers stand in a table of their own, in the same order: the database may begin there.
  const [from, order]: [string, Query["order"]] =
    wanted.trigger === undefined
      ? ["sluice.delivery AS d", ["d.received_at", "d.id"]]
      : ["sluice.fired AS f JOIN sluice.delivery AS d ON d.id = f.delivery", ["f.received_at", "f.delivery"]];
  where("f.trigger = ?", wanted.trigger && bareName(wanted.trigger));
  where("d.outcome = ?", wanted.outcome);
  where("d.namespace = ?", wanted.namespace);
  where("d.listener = ?", wanted.listener);
  where("d.provider = ?", wanted.provider);
  where("d.event = ?", wanted.event);
  where("d.repository = ?", wanted.repository);
  where("d.ref = ?", wanted.ref);
  where("left(d.revision, 7) = ?", wanted.revision?.slice(0, REVISION_PREFIX));
  if ((wanted.revision?.length ?? 0) >= REVISION_PREFIX) where("starts_with(d.revision, ?)", wanted.revision);
  else where("d.revision = ?", wanted.revision);
  where("d.pull_request = ?::bigint", wanted.pullRequest);
  where("d.actor = ?", wanted.actor);
  where("d.provider_id = ?", wanted.providerId);
  where("d.replay_of = ?", wanted.replayOf);
  const made = "SELECT delivery FROM sluice.run WHERE split_part(name, '/', 2)";
  const object = fullName(wanted.object);
  if (object === undefined) where(`d.id = ANY (ARRAY(${made} = ?))`, wanted.object);
  else {
    const name = `$${values.push(object.name)}`;
    const inNamespace = "starts_with(split_part(name, ' ', 2), ?)";
    where(`d.id = ANY (ARRAY(${made} = ${name} AND ${inNamespace}))`, `${object.namespace}/`);
  }
  where(`${order[0]} >= ?::bigint`, wholeMs(wanted.since));
  where(`${order[0]} < ?::bigint`, wholeMs(wanted.until));
  if (behind !== undefined)
    where(`(${order[0]}, ${order[1]}) < ($${values.push(behind.receivedAt)}::bigint, ?)`, behind.id);
  return { from: `FROM ${from} WHERE ${conditions.join(" AND ")}`, values, order };
}
