/** The SQL driver's writes: each is one statement, so that it happens whole or not at all, in one round trip. */

import type { NewDelivery } from "../../../core/ledger.ts";
import { failureOf } from "../cause.ts";
import { claimOf } from "../claim.ts";
import { encodeDecisions } from "../codec.ts";
import { factsOf, failedOf, lineOf, triggersOf, workIdsOf } from "../record.ts";
import { NO_BODY, type Seals } from "../sealed.ts";

/**
 * $1 id, $2 key or null, $3 now, $4 window. Inserts the claim, or takes it over where it is too old, or where its holder
 * was filtered in the end. Returns one row: the id of the delivery that holds it, and its outcome where it is forgotten.
 */
export const CLAIM = `
  INSERT INTO sluice.claim AS held (key, delivery, at)
  SELECT $2::text, $1::text, $3::bigint WHERE $2::text IS NOT NULL
  ON CONFLICT (key) DO UPDATE SET (delivery, forgotten, outcome, at) = (
    SELECT
      CASE WHEN counts THEN held.delivery ELSE excluded.delivery END,
      CASE WHEN counts THEN held.forgotten END,
      CASE WHEN counts THEN held.outcome END,
      CASE WHEN counts THEN held.at ELSE excluded.at END
    FROM (
      SELECT held.at + $4::bigint > $3 AND coalesce(held.outcome, '') <> 'filtered' AND NOT EXISTS (
        SELECT FROM sluice.delivery AS d WHERE d.id = held.delivery AND d.outcome = 'filtered'
      )
    ) AS holder (counts)
  )
  RETURNING coalesce(delivery, forgotten) AS id, outcome`;

/**
 * Parameters: {@link acceptValues}. Returns one row: `first`, the id of the delivery that came first, or null, and its
 * `outcome` when this statement's snapshot holds it.
 *
 * The claim's row is locked by whoever inserts it. The others wait, and then learn who holds it from their own update:
 * a snapshot may be older than the commit they waited for. A delivery whose id is there already stays as it is; its
 * sender lost the answer and asks again.
 */
export const ACCEPT = `
WITH claim AS (${CLAIM}
), first AS MATERIALIZED (
  SELECT nullif((SELECT id FROM claim), $1) AS id, (SELECT outcome FROM claim) AS outcome
), written AS (
  INSERT INTO sluice.delivery (
    id, duplicate_of, namespace, listener, received_at, provider, event, provider_id, repository, ref, revision,
    pull_request, actor, proof, size, replay_of, head, body, said, failed, decisions, job_ids, job_states, failure, note
  )
  SELECT
    $1, first.id, $5, $6, $7::bigint, $8, $9, $10, $11, $12, $13, $14::bigint, $15, $16, $17::bigint, $18, $19::bytea,
    CASE WHEN first.id IS NULL THEN $20::bytea END,
    CASE WHEN first.id IS NULL THEN $21 ELSE '' END,
    CASE WHEN first.id IS NULL THEN $22::integer ELSE 0 END,
    CASE WHEN first.id IS NULL THEN $23::bytea END,
    CASE WHEN first.id IS NULL THEN $24::text[] ELSE '{}' END,
    CASE WHEN first.id IS NULL THEN array_fill('pending'::text, ARRAY[cardinality($24)]) ELSE '{}' END,
    CASE WHEN first.id IS NULL THEN $25 ELSE '' END, $26
  FROM first
  ON CONFLICT (id) DO NOTHING
  RETURNING id
), fired AS (
  INSERT INTO sluice.fired SELECT f.trigger, $7, written.id FROM first, written, unnest($27::text[]) AS f (trigger)
  WHERE first.id IS NULL
)
SELECT first.id AS first, coalesce(d.outcome, first.outcome) AS outcome FROM first LEFT JOIN sluice.delivery AS d ON d.id = first.id`;

/**
 * @param body as it is stored, null where it is not kept.
 * @param time.now milliseconds since the epoch. @param time.window milliseconds for which a claim counts.
 */
export function acceptValues(
  entry: NewDelivery,
  body: Buffer | null,
  time: { readonly now: number; readonly window: number },
  seals: Seals,
): readonly unknown[] {
  const { delivery, decisions, dedupeKey } = entry;
  const facts = factsOf(entry);
  return [
    facts.id,
    dedupeKey === undefined ? null : claimOf(facts.listener, dedupeKey),
    time.now,
    time.window,
    facts.listener.namespace,
    facts.listener.name,
    facts.receivedAt,
    facts.provider,
    facts.event,
    facts.providerId ?? null,
    facts.repository ?? null,
    facts.ref ?? null,
    facts.revision ?? null,
    facts.pullRequest ?? null,
    facts.actor ?? null,
    facts.proof,
    facts.size,
    facts.replayOf ?? null,
    seals.head(delivery, facts, body ?? NO_BODY, entry.digest),
    body,
    decisions === undefined ? "" : lineOf(decisions),
    decisions === undefined ? 0 : failedOf(decisions),
    decisions === undefined ? null : encodeDecisions(decisions),
    decisions === undefined ? [] : workIdsOf(facts.id, decisions),
    decisions === undefined ? "" : failureOf(decisions),
    facts.note === undefined ? null : JSON.stringify(facts.note),
    decisions === undefined ? [] : triggersOf(decisions),
  ];
}

/** $1 id, $2 said, $3 failed, $4 decisions, $5 job ids, $6 failure, $7 triggers. Returns a row when the delivery exists. */
export const DECIDE = `
WITH written AS (
  UPDATE sluice.delivery
  SET said = $2, failed = $3::integer, decisions = $4::bytea, job_ids = $5::text[],
      job_states = array_fill('pending'::text, ARRAY[cardinality($5)]), failure = $6
  WHERE id = $1 AND outcome = 'pending' AND said = ''
  RETURNING id, received_at
), fired AS (
  INSERT INTO sluice.fired SELECT f.trigger, w.received_at, w.id FROM written AS w, unnest($7::text[]) AS f (trigger)
)
SELECT 1 AS known FROM sluice.delivery WHERE id = $1`;

/**
 * $1 delivery, $2 job, $3 number, $4 state, $5 attempt, $6 line, $7 attempts kept, $8 names and $9 JSON of runs, $10
 * death.
 * Returns a row when the delivery exists; its `place` is null when the job does not.
 *
 * The delivery's row is locked first, so that two jobs of it never overwrite each other. States only rise (pending,
 * dead, created): it does not matter in which order, or how often, tries are recorded. A number that is there already
 * is replaced only by a try that moves the job. A try from before a job was reopened can no longer kill it: it is stale.
 */
export const ATTEMPT = `
WITH before AS MATERIALIZED (
  SELECT
    id, place, job_states[place] AS state, stale,
    ((job_states[place] = 'pending' AND $4 <> 'pending') OR (job_states[place] = 'dead' AND $4 = 'created'))
      AND NOT stale AS moves,
    NOT EXISTS (SELECT FROM sluice.attempt WHERE delivery = $1 AND job = $2 AND number = $3::integer) AS fresh
  FROM sluice.delivery, LATERAL array_position(job_ids, $2::text) AS place,
    LATERAL (SELECT $4 = 'dead' AND $3 <= coalesce((reopened -> $2 ->> 'attempts')::integer, 0)) AS s (stale)
  WHERE id = $1::text
  FOR UPDATE OF delivery
), written AS (
  UPDATE sluice.delivery AS d
  SET
    job_states[b.place] = CASE WHEN b.moves THEN $4::text ELSE b.state END,
    tried = CASE
      WHEN $6::text = '' OR b.stale OR (NOT b.moves AND b.state <> $4)
        OR ($4 <> 'dead' AND 'dead' = ANY (d.job_states)) THEN d.tried
      ELSE $6
    END,
    death = CASE WHEN $10::text = '' OR b.stale OR (NOT b.moves AND b.state <> $4) THEN d.death ELSE $10 END
  FROM before AS b
  WHERE d.id = b.id AND b.place IS NOT NULL AND (b.moves OR b.fresh)
), tries AS (
  INSERT INTO sluice.attempt (delivery, job, number, body)
  SELECT b.id, $2, $3, $5::text FROM before AS b WHERE b.place IS NOT NULL AND (b.moves OR b.fresh)
  ON CONFLICT (delivery, job, number) DO UPDATE SET body = excluded.body WHERE (SELECT moves FROM before)
), worn AS (
  DELETE FROM sluice.attempt WHERE delivery = $1 AND job = $2 AND number <= $3 - $7::integer
), made AS (
  INSERT INTO sluice.run (delivery, job, name, body)
  SELECT b.id, $2, r.name, r.body FROM before AS b, unnest($8::text[], $9::text[]) AS r (name, body)
  WHERE b.place IS NOT NULL
  ON CONFLICT DO NOTHING
)
SELECT place FROM before`;
