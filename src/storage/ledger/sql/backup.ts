/** Reading the whole SQL ledger, section by section: each page is one statement, so every record in it is whole. */

import type { BackupDelivery, BackupRead } from "../../../core/backup.ts";
import type { Act, Outcome } from "../../../core/ledger.ts";
import type { SqlClient } from "../../../core/sql.ts";
import { refuseCursor } from "../acts.ts";
import { BACKUP_PLACES, base64, fitting, onwards, type ReadSection, readSections } from "../backup.ts";
import { PAGE_MAX } from "../limits.ts";
import { type Place, placeOf } from "../page.ts";
import type { Reopened } from "../record.ts";
import { batchesSql } from "./batches.ts";
import { type Big, reopenedOf, SUMMARY, type SummaryRow, storedOf } from "./rows.ts";

interface Row extends SummaryRow {
  readonly head: Uint8Array;
  readonly body: Uint8Array | null;
  readonly decisions: Uint8Array | null;
  readonly failed: number;
  readonly reopened: Readonly<Record<string, Reopened>>;
  /** One behind the other: job, number and JSON of each attempt; job, name, JSON, phase and progress of each run. */
  readonly attempts: readonly string[];
  readonly made: readonly (string | null)[];
}

const DELIVERIES = `SELECT ${SUMMARY}, d.head, d.body, d.decisions, d.failed, d.reopened,
  ARRAY(SELECT unnest(ARRAY[job, number::text, body])
        FROM (SELECT job, number, body FROM sluice.attempt WHERE delivery = d.id ORDER BY job, number) AS a) AS attempts,
  ARRAY(SELECT unnest(ARRAY[job, name, body, phase, progress])
        FROM (SELECT job, name, body, phase, progress FROM sluice.run WHERE delivery = d.id ORDER BY seq) AS r) AS made
  FROM sluice.delivery AS d WHERE d.id = ANY ($1::text[]) ORDER BY d.received_at, d.id`;

export function backupSql(client: SqlClient): BackupRead {
  const deliveries: ReadSection = async (cursor) => {
    const behind = cursor === "" ? undefined : placeOf(cursor);
    const onward = behind === undefined ? "" : "WHERE (received_at, id) > ($1::bigint, $2)";
    const looked = await client.query<{ id: string; received_at: Big; bytes: Big }>(
      `SELECT id, received_at, bytes FROM sluice.delivery ${onward} ORDER BY received_at, id LIMIT ${BACKUP_PLACES}`,
      behind === undefined ? [] : [behind.receivedAt, behind.id],
    );
    const taken = looked
      .slice(0, fitting(looked.map(({ bytes }) => Number(bytes))))
      .map(({ id, received_at }): Place => ({ id, receivedAt: Number(received_at) }));
    const rows = await client.query<Row>(DELIVERIES, [taken.map(({ id }) => id)]);
    return { items: rows.map(deliveryOf), ...onwards(taken, looked.length) };
  };

  const claims: ReadSection = async (cursor) => {
    const rows = await client.query<{ key: string; delivery: string; at: Big; outcome: Outcome | null }>(
      `SELECT key, coalesce(delivery, forgotten) AS delivery, at, outcome FROM sluice.claim
      WHERE key > $1 ORDER BY key LIMIT ${PAGE_MAX}`,
      [cursor],
    );
    const items = rows.map(({ key, delivery, at, outcome }) => {
      return { type: "claim" as const, key, delivery, at: Number(at), ...(outcome !== null && { outcome }) };
    });
    const last = rows.length < PAGE_MAX ? undefined : rows.at(-1);
    return { items, ...(last !== undefined && { next: last.key }) };
  };

  const acts: ReadSection = async (cursor) => {
    if (!/^\d{0,18}$/.test(cursor)) refuseCursor();
    const rows = await client.query<{ seq: Big; body: string }>(
      `SELECT seq, body FROM sluice.act WHERE seq > $1::bigint ORDER BY seq LIMIT ${PAGE_MAX}`,
      [cursor === "" ? "0" : cursor],
    );
    const items = rows.map(({ body }) => ({ type: "act" as const, act: JSON.parse(body) as Act }));
    const last = rows.length < PAGE_MAX ? undefined : rows.at(-1);
    return { items, ...(last !== undefined && { next: String(last.seq) }) };
  };

  const batches: ReadSection = async () => {
    const kept = (await batchesSql(client)).toReversed();
    return { items: kept.map((batch) => ({ type: "batch" as const, batch })) };
  };

  return readSections({ delivery: deliveries, claim: claims, act: acts, batch: batches });
}

function deliveryOf(row: Row): BackupDelivery {
  const { facts, outcome, duplicateOf, said, tried, failure, death, jobs } = storedOf(row);
  return {
    type: "delivery",
    ...{ facts, outcome },
    ...(duplicateOf !== undefined && { duplicateOf }),
    head: base64(row.head),
    ...(row.body !== null && { body: base64(row.body) }),
    ...(row.decisions !== null && { decisions: base64(row.decisions) }),
    ...{ said, tried, failed: row.failed, failure, death },
    ...(row.dropped !== null && { dropped: row.dropped }),
    jobs,
    attempts: tuples(row.attempts, 3).map(([job = "", number, text = ""]) => ({
      ...{ job: job ?? "", number: Number(number), text: text ?? "" },
    })),
    runs: tuples(row.made, 5).map(([job, name, text, phase, progress]) => ({
      ...{ job: job ?? "", name: name ?? "", text: text ?? "" },
      ...(phase != null && progress != null && { phase, progress }),
    })),
    reopened: [...reopenedOf(row.reopened)].map(([job, { at, attempts }]) => ({ job, at, attempts })),
  };
}

function tuples<T>(flat: readonly T[], width: number): readonly (readonly T[])[] {
  return Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width));
}
