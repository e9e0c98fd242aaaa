/** Putting deliveries and claims of a backup back into the SQL ledger; each is one statement. */

import type { BackupClaim, BackupDelivery, BackupRecord, Restored } from "../../../core/backup.ts";
import type { SqlClient } from "../../../core/sql.ts";
import { bytesOf, restoreEach } from "../backup.ts";
import { decodeDecisions } from "../codec.ts";
import { triggersOf } from "../record.ts";

/** The database derives outcome and bytes, and counts, by itself. Returns a row where the delivery was not there. */
const RESTORE = `
WITH written AS (
  INSERT INTO sluice.delivery (
    id, duplicate_of, namespace, listener, received_at, provider, event, provider_id, repository, ref, revision,
    pull_request, actor, proof, size, replay_of, note, head, body, decisions, said, tried, failed, failure, death, dropped,
    job_ids, job_states, reopened
  ) VALUES (
    $1, $2, $3, $4, $5::bigint, $6, $7, $8, $9, $10, $11, $12::bigint, $13, $14, $15::bigint, $16, $17, $18::bytea,
    $19::bytea, $20::bytea, $21, $22, $23::integer, $24, $25, $26, $27::text[], $28::text[], $29::jsonb
  )
  ON CONFLICT (id) DO NOTHING
  RETURNING id, received_at
), tries AS (
  INSERT INTO sluice.attempt (delivery, job, number, body)
  SELECT w.id, a.job, a.number, a.body FROM written AS w, unnest($30::text[], $31::integer[], $32::text[]) AS a (job, number, body)
  ON CONFLICT DO NOTHING
), made AS (
  INSERT INTO sluice.run (delivery, job, name, body, phase, progress)
  SELECT w.id, r.job, r.name, r.body, r.phase, r.progress
  FROM written AS w, unnest($33::text[], $34::text[], $35::text[], $36::text[], $37::text[])
    WITH ORDINALITY AS r (job, name, body, phase, progress, place)
  ORDER BY r.place
  ON CONFLICT DO NOTHING
), fired AS (
  INSERT INTO sluice.fired SELECT f.trigger, w.received_at, w.id FROM written AS w, unnest($38::text[]) AS f (trigger)
)
SELECT id FROM written`;

/**
 * $1 key, $2 delivery, $3 at, $4 outcome or null. Returns a row where the key was free, with nothing in it where the
 * delivery is neither there nor known to be forgotten. A claim that is too old is taken over like any other.
 */
const CLAIMED = `
WITH holder AS MATERIALIZED (
  SELECT (SELECT id FROM sluice.delivery WHERE id = $2) AS id
), written AS (
  INSERT INTO sluice.claim (key, delivery, forgotten, outcome, at)
  SELECT $1, id, CASE WHEN id IS NULL THEN $2 END, CASE WHEN id IS NULL THEN $4 END, $3::bigint
  FROM holder WHERE id IS NOT NULL OR $4::text IS NOT NULL
  ON CONFLICT (key) DO NOTHING
  RETURNING key
)
SELECT (SELECT key FROM written) AS written, (id IS NOT NULL OR $4 IS NOT NULL) AS counts FROM holder`;

export function restoreSql(client: SqlClient) {
  async function put(item: BackupRecord): Promise<keyof Restored> {
    if (item.type === "claim") return putClaim(item);
    const rows = await client.query(RESTORE, valuesOf(item));
    return rows.length > 0 ? "added" : "known";
  }

  async function putClaim({ key, delivery, at, outcome }: BackupClaim): Promise<keyof Restored> {
    type Row = { written: string | null; counts: boolean };
    const [row] = await client.query<Row>(CLAIMED, [key, delivery, at, outcome ?? null]);
    if (row?.counts !== true) return "void";
    return row.written === null ? "known" : "added";
  }

  return (items: readonly BackupRecord[]): Promise<Restored> => restoreEach(items, put);
}

function valuesOf(item: BackupDelivery): readonly unknown[] {
  const { facts, jobs, attempts, runs, reopened } = item;
  const decisions = item.decisions === undefined ? null : bytesOf(item.decisions);
  return [
    ...[facts.id, item.duplicateOf ?? null, facts.listener.namespace, facts.listener.name, facts.receivedAt],
    ...[facts.provider, facts.event, facts.providerId ?? null, facts.repository ?? null, facts.ref ?? null],
    ...[facts.revision ?? null, facts.pullRequest ?? null, facts.actor ?? null, facts.proof, facts.size],
    ...[facts.replayOf ?? null, facts.note === undefined ? null : JSON.stringify(facts.note)],
    ...[bytesOf(item.head), item.body === undefined ? null : bytesOf(item.body), decisions],
    ...[item.said, item.tried, item.failed, item.failure, item.death, item.dropped ?? null],
    ...[jobs.map(({ id }) => id), jobs.map(({ state }) => state)],
    JSON.stringify(Object.fromEntries(reopened.map(({ job, at, attempts }) => [job, { at, attempts }]))),
    ...[
      attempts.map(({ job }) => job),
      attempts.map(({ number }) => number),
      attempts.map(({ text }) => text),
    ],
    ...[runs.map(({ job }) => job), runs.map(({ name }) => name), runs.map(({ text }) => text)],
    ...[runs.map(({ phase }) => phase ?? null), runs.map(({ progress }) => progress ?? null)],
    decisions === null ? [] : triggersOf(decodeDecisions(decisions)),
  ];
}
