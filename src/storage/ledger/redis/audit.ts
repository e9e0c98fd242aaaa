/** The audit of the Redis ledger: every record is read again and compared with indexes, totals and its own outcome. */

import { decideJobId } from "../../../core/identity.ts";
import type { Audit, Outcome } from "../../../core/ledger.ts";
import { OUTCOMES } from "../../../core/ledger.ts";
import { outcomeOf } from "../../../core/outcome.ts";
import type { Tally } from "../audit.ts";
import { createTally } from "../audit.ts";
import { readJobs, readLines } from "./keys.ts";
import type { RedisAccess } from "./search.ts";
import { answers } from "./search.ts";

/** Keys looked at in one step of the scan. */
const STEP = 500;

/** How often a count that writes overtook is begun again before it is called approximate. */
const TRIES = 3;

const FIELDS = ["outcome", "said", "failed", "jobs", "runs"] as const;

export async function auditRedis(access: RedisAccess): Promise<Audit> {
  for (let left = TRIES; ; left--) {
    const before = await totalsOf(access);
    const tally = createTally();
    const seen = await readRecords(access, tally);
    await readIndexes(access, tally, seen);
    const after = await totalsOf(access);
    const quiet = before.writes === after.writes;
    if (quiet) tally.compare(after.outcomes);
    else if (left > 1) continue;
    else tally.compareTotal(sum(before), sum(after));
    return tally.audit();
  }
}

/** Scans the keyspace for records, not an index: what no index names must be counted too. */
async function readRecords({ redis, keys, ask }: RedisAccess, tally: Tally): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  const pattern = `${keys.records.replace(/[*?[\]\\^]/g, "\\$&")}*`;
  let cursor = "0";
  do {
    const [next, found] = await ask(redis.scan(cursor, "MATCH", pattern, "COUNT", STEP));
    cursor = next;
    // A scan may give a key twice.
    const fresh = [...new Set(found)]
      .map((key) => key.slice(keys.records.length))
      .filter((id) => !seen.has(id));
    for (const id of fresh) seen.add(id);
    const pipeline = redis.pipeline();
    for (const id of fresh) {
      pipeline.hmget(keys.record(id), ...FIELDS);
      pipeline.zscore(keys.index, id);
      pipeline.zscore(keys.outcomes.pending, id);
    }
    const replies = ((await ask(pipeline.exec())) ?? []).map(([error, reply]) => {
      if (error !== null) throw error;
      return reply;
    });
    for (const [i, id] of fresh.entries()) {
      const [fields, indexed, waiting] = replies.slice(i * 3, i * 3 + 3);
      readRecord(id, fields as (string | null)[], tally);
      if (indexed === null) tally.violation(`delivery ${id} stands in no index`);
      const pending = (fields as (string | null)[])[0] === "pending";
      if (pending !== (waiting !== null)) {
        tally.unsure(
          `delivery ${id} is ${pending ? "" : "not "}pending, but the index of pending ones says otherwise`,
        );
      }
    }
  } while (cursor !== "0");
  return seen;
}

function readRecord(id: string, fields: readonly (string | null)[], tally: Tally): void {
  const [outcome, said, failed, jobText, runText] = fields;
  const jobs = readJobs(jobText);
  const decided = said !== null;
  const decisions = [
    ...Array.from({ length: Number(failed ?? 0) }, () => ({ result: "failed" as const })),
    ...jobs.map(() => ({ result: "matched" as const })),
  ];
  const derived = outcome === "duplicate" ? "duplicate" : outcomeOf(decided ? decisions : undefined, jobs);
  if (outcome !== derived) tally.violation(`delivery ${id} says ${outcome}, but its jobs say ${derived}`);
  tally.delivery(derived);
  for (const [, name] of readLines(runText)) tally.run(name, id);
  if (derived === "duplicate") return;
  if (!decided) tally.pending(decideJobId(id));
  for (const job of jobs) if (job.state === "pending") tally.pending(job.id);
}

/** Names what stands in an index without a record. */
async function readIndexes(
  { redis, keys, ask }: RedisAccess,
  tally: Tally,
  seen: ReadonlySet<string>,
): Promise<void> {
  for (const index of [keys.index, keys.outcomes.pending]) {
    let cursor = "0";
    do {
      const [next, found] = await ask(redis.zscan(index, cursor, "COUNT", STEP));
      cursor = next;
      const unknown = found.filter((id, i) => i % 2 === 0 && !seen.has(id));
      // Those that arrived since the scan have a record by now.
      for (const id of new Set(unknown)) {
        if ((await ask(redis.exists(keys.record(id)))) === 0) {
          tally.violation(`an index names delivery ${id}, but its record is gone`);
        }
      }
    } while (cursor !== "0");
  }
}

/** What is counted along the way, all of one moment. */
export interface Totals {
  readonly outcomes: ReadonlyMap<Outcome, number>;
  /** Goes up with every write. */
  readonly writes: number;
  /** Bytes that were stored of what is kept. */
  readonly bytes: number;
}

/** Counts what is kept; what was forgotten is counted apart, in the hash, and the law is about what is kept. */
export async function totalsOf({ redis, keys, ask }: RedisAccess): Promise<Totals> {
  const reading = redis.multi();
  for (const outcome of OUTCOMES) reading.zcard(keys.outcomes[outcome]);
  reading.hmget(keys.totals, "writes", "bytes");
  const replies = answers<unknown>(await ask(reading.exec()));
  const [writes, bytes] = (replies.at(-1) as (string | null)[]).map(Number);
  const outcomes = new Map(OUTCOMES.map((outcome, i) => [outcome, replies[i] as number]));
  return { outcomes, writes: writes ?? 0, bytes: bytes ?? 0 };
}

function sum({ outcomes }: Totals): number {
  return [...outcomes.values()].reduce((all, count) => all + count, 0);
}
