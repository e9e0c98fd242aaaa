/** Dead letters of the SQL ledger: grouped, tried again, dropped. */

import { fault } from "../../../core/errors.ts";
import type { CreateJob } from "../../../core/job.ts";
import type { Act, DeadGroup, DeliveryFilter, Outcome, Page } from "../../../core/ledger.ts";
import type { Sql, SqlClient } from "../../../core/sql.ts";
import { decodeDecisions } from "../codec.ts";
import { groupOf, groupsOf } from "../dead-groups.ts";
import { DEAD_GROUPED, PAGE_MAX } from "../limits.ts";
import type { Reopened, StoredSummary } from "../record.ts";
import { droppedOf, jobsOf, refuseDrop, withReopened } from "../record.ts";
import { recordSql } from "./acts.ts";
import { reopenedOf } from "./rows.ts";
import { searchSql } from "./search.ts";

export async function deadGroupsSql(
  client: SqlClient,
  filter: DeliveryFilter = {},
): Promise<readonly DeadGroup[]> {
  if (filter.outcome !== undefined && filter.outcome !== "dead") return [];
  const dead: StoredSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = { limit: PAGE_MAX, ...(cursor !== undefined && { cursor }) };
    const found = await searchSql(client, { ...filter, outcome: "dead" }, page);
    dead.push(...found.items);
    cursor = found.next;
  } while (cursor !== undefined && dead.length < DEAD_GROUPED);
  const newest = dead.slice(0, DEAD_GROUPED);
  const ids = newest.map(({ facts }) => facts.id);
  const gone = await client.query<{ id: string }>(
    "SELECT id FROM sluice.delivery WHERE id = ANY ($1::text[]) AND body IS NULL",
    [ids],
  );
  return groupsOf(newest, new Set(gone.map(({ id }) => id)));
}

export async function deadOfSql(
  client: SqlClient,
  fingerprint: string,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<string>> {
  const keep = (stored: StoredSummary) => groupOf(stored) === fingerprint;
  const { items, next } = await searchSql(client, { outcome: "dead" }, page, keep);
  return { items: items.map(({ facts }) => facts.id), ...(next !== undefined && { next }) };
}

export function reopenSql(
  sql: Sql,
  id: string,
  at: number,
  only?: ReadonlySet<string>,
): Promise<readonly CreateJob[]> {
  return sql.transaction(async (client) => {
    const [row] = await client.query<{
      job_ids: readonly string[];
      job_states: readonly string[];
      decisions: Uint8Array | null;
      reopened: Readonly<Record<string, Reopened>>;
    }>("SELECT job_ids, job_states, decisions, reopened FROM sluice.delivery WHERE id = $1 FOR UPDATE", [id]);
    if (row === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
    const may = (job: string): boolean => only === undefined || only.has(job);
    const dead = row.job_ids.filter((job, i) => row.job_states[i] === "dead" && may(job));
    const all = new Map([...reopenedOf(row.reopened), ...(await triesOf(client, id, dead, at))]);
    if (dead.length > 0) {
      const states = row.job_ids.map((job, i) => (dead.includes(job) ? "pending" : row.job_states[i]));
      await client.query(
        `UPDATE sluice.delivery
        SET job_states = $3::text[], reopened = $2::jsonb, dropped = NULL
        WHERE id = $1`,
        [id, JSON.stringify(Object.fromEntries(all)), states],
      );
    }
    // Those that are pending since this moment already belong to a client that lost the answer and asks again.
    const again = new Set(
      row.job_ids.filter((job, i) => may(job) && row.job_states[i] !== "created" && all.get(job)?.at === at),
    );
    const jobs = row.decisions === null ? [] : jobsOf(decodeDecisions(row.decisions));
    return jobs.filter((job) => again.has(job.id)).map((job) => withReopened(job, all));
  });
}

async function triesOf(
  client: SqlClient,
  id: string,
  jobs: readonly string[],
  at: number,
): Promise<readonly (readonly [string, Reopened])[]> {
  if (jobs.length === 0) return [];
  const rows = await client.query<{ job: string; attempts: number }>(
    "SELECT job, max(number) AS attempts FROM sluice.attempt WHERE delivery = $1 GROUP BY job",
    [id],
  );
  const tries = new Map(rows.map(({ job, attempts }) => [job, attempts]));
  return jobs.map((job) => [job, { at, attempts: tries.get(job) ?? 0 }]);
}

export function dropSql(sql: Sql, id: string, act: Act): Promise<void> {
  return sql.transaction(async (client) => {
    const [row] = await client.query<{ outcome: Outcome; dropped: string | null }>(
      "SELECT outcome, dropped FROM sluice.delivery WHERE id = $1 FOR UPDATE",
      [id],
    );
    if (row?.outcome !== "dead") refuseDrop(id, row?.outcome ?? "");
    if (row.dropped !== null) return;
    const dropped = JSON.stringify(droppedOf(act));
    await client.query("UPDATE sluice.delivery SET dropped = $2 WHERE id = $1", [id, dropped]);
    await recordSql(client, act);
  });
}
