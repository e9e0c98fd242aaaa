/** Reading the whole Redis ledger, section by section: a record is one hash, read by one command, so it is whole. */

import type { BackupClaim, BackupDelivery, BackupFacts, BackupRead } from "../../../core/backup.ts";
import type { Outcome } from "../../../core/ledger.ts";
import { BACKUP_PLACES, base64, fitting, onwards, type ReadSection, readSections } from "../backup.ts";
import { PAGE_MAX } from "../limits.ts";
import { placeOf } from "../page.ts";
import { batchesRedis } from "./batches.ts";
import { readJobs, readLines, readReopened } from "./keys.ts";
import { oldestFirst } from "./pending.ts";
import { answers, type RedisAccess } from "./search.ts";

export function backupRedis(access: RedisAccess): BackupRead {
  const { redis, keys, ask } = access;

  const deliveries: ReadSection = async (cursor) => {
    const behind = cursor === "" ? undefined : placeOf(cursor);
    const places = await oldestFirst(access, keys.index, "+inf", behind, BACKUP_PLACES);
    const sizes = redis.pipeline();
    for (const { id } of places)
      for (const field of ["body", "decisions"]) sizes.hstrlen(keys.record(id), field);
    const lengths = answers<number>(await ask(sizes.exec()));
    const count = fitting(places.map((_, i) => (lengths[2 * i] ?? 0) + (lengths[2 * i + 1] ?? 0)));
    const taken = places.slice(0, count);
    const reading = redis.pipeline();
    for (const { id } of taken) reading.hgetallBuffer(keys.record(id));
    const records = answers<Readonly<Record<string, Buffer>>>(await ask(reading.exec()));
    return { items: records.flatMap((record) => deliveryOf(record) ?? []), ...onwards(taken, places.length) };
  };

  const claims: ReadSection = async (cursor) => {
    const start = keys.claims;
    const pattern = `${start.replace(/[*?[\]\\^]/g, "\\$&")}*`;
    const scan = redis.scan(cursor === "" ? "0" : cursor, "MATCH", pattern, "COUNT", PAGE_MAX);
    const [next, found] = await ask(scan);
    const held = found.length === 0 ? [] : await ask(redis.mget(...found));
    const items = await withOutcomes(
      found.flatMap((key, i) => claimOf(key.slice(start.length), held[i]) ?? []),
    );
    return { items, ...(next !== "0" && { next }) };
  };

  /** What is forgotten by now still has an outcome; of what is kept the record tells. */
  async function withOutcomes(found: readonly BackupClaim[]): Promise<readonly BackupClaim[]> {
    if (found.length === 0) return [];
    const outcomes = await ask(redis.mget(...found.map(({ delivery }) => keys.forgotten(delivery))));
    return found.map((claim, i) => {
      const outcome = outcomes[i] ?? undefined;
      return outcome === undefined ? claim : { ...claim, outcome: outcome as Outcome };
    });
  }

  const acts: ReadSection = async (cursor) => {
    const from = cursor === "" ? "-" : `(${cursor}`;
    const rows = await ask(redis.xrange(keys.acts, from, "+", "COUNT", PAGE_MAX));
    const items = rows.map(([, fields]) => ({ type: "act" as const, act: JSON.parse(fields[1] ?? "") }));
    const last = rows.length < PAGE_MAX ? undefined : rows.at(-1);
    return { items, ...(last !== undefined && { next: last[0] }) };
  };

  const batches: ReadSection = async () => {
    const kept = (await batchesRedis(access)).toReversed();
    return { items: kept.map((batch) => ({ type: "batch" as const, batch })) };
  };

  return readSections({ delivery: deliveries, claim: claims, act: acts, batch: batches });
}

/** Undefined where the record has gone since its place was read. */
function deliveryOf(record: Readonly<Record<string, Buffer>>): BackupDelivery | undefined {
  const { facts, head, body, decisions } = record;
  const text = (field: string): string | undefined => record[field]?.toString("utf8");
  const outcome = text("outcome");
  if (facts === undefined || head === undefined || outcome === undefined) return undefined;
  const progress = new Map(readLines(text("progress")).map(([name, phase, json]) => [name, { phase, json }]));
  const [first, dropped] = [text("first"), text("dropped")];
  return {
    type: "delivery",
    facts: JSON.parse(facts.toString("utf8")) as BackupFacts,
    outcome: outcome as Outcome,
    ...(first !== undefined && { duplicateOf: first }),
    head: base64(head),
    ...(body !== undefined && { body: base64(body) }),
    ...(decisions !== undefined && { decisions: base64(decisions) }),
    ...{ said: text("said") ?? "", tried: text("tried") ?? "" },
    ...{ failed: Number(text("failed") ?? 0), failure: text("failure") ?? "", death: text("death") ?? "" },
    ...(dropped !== undefined && { dropped }),
    jobs: readJobs(text("jobs")),
    attempts: readLines(text("attempts")).map(([job, number, json]) => ({
      ...{ job, number: Number(number), text: json },
    })),
    runs: readLines(text("runs")).map(([job, name, json]) => {
      const known = progress.get(name);
      return { job, name, text: json, ...(known && { phase: known.phase, progress: known.json }) };
    }),
    reopened: [...readReopened(text("reopened"))].map(([job, value]) => ({ job, ...value })),
  };
}

function claimOf(key: string, held: string | null | undefined): BackupClaim | undefined {
  const [, at, delivery] = /^(\d+) (.*)$/s.exec(held ?? "") ?? [];
  return at === undefined || delivery === undefined
    ? undefined
    : { type: "claim", key, delivery, at: Number(at) };
}
