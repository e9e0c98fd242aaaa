/** The ledger on Redis: a hash for each delivery, written by scripts, and sorted sets to find it by. */

import type { Redis } from "ioredis";
import type { Delivery } from "../core/delivery.ts";
import { fault } from "../core/errors.ts";
import type { Attempt, Run } from "../core/job.ts";
import type { Ledger, NewDelivery, Outcome } from "../core/ledger.ts";
import { outcomeOf } from "../core/outcome.ts";
import { decode, decodeDecisions, decodeHead, encode, encodeDecisions, encodeHead } from "./codec.ts";
import { ATTEMPTS_KEPT, DEDUPE_WINDOW_MS } from "./limits.ts";
import type { Ask } from "./patience.ts";
import { createPatience } from "./patience.ts";
import { byJob, factsOf, failedOf, jobsOf, lineOf, lineOfAttempt, nameOfRun, recordOf } from "./record.ts";
import { auditRedis } from "./redis-audit.ts";
import type { Keys } from "./redis-keys.ts";
import { keysOf, readLines, readSummary, SUMMARY_FIELDS, writeJobs } from "./redis-keys.ts";
import { listRedis, pendingRedis } from "./redis-list.ts";
import type { Refusal } from "./redis-scripts.ts";
import { defineScripts } from "./redis-scripts.ts";

export interface RedisLedgerNeeds {
  /** A connection that others may share; whoever opened it closes it. Its server decides what durable means. */
  readonly redis: Redis;
  readonly prefix: string;
  /** Milliseconds since the epoch; only the memory of dedupe keys asks for it. */
  readonly clock?: () => number;
}

/** Version of the records below; a newer one's are not touched. */
const VERSION = 1;

const EMPTY = Buffer.alloc(0);
const letterOf = { done: "c", retry: "p", dead: "d" } as const;

/**
 * Opens the ledger under `{prefix}:`.
 *
 * @throws SluiceError SLUICE_STORE_AWAY, or SLUICE_STORE_VERSION when a newer version wrote there.
 */
export async function createRedisLedger(needs: RedisLedgerNeeds): Promise<Ledger> {
  const { redis, prefix, clock = Date.now } = needs;
  const ask = createPatience();
  const keys = keysOf(prefix);
  const scripts = defineScripts(redis);
  await refuseNewer(redis, keys, ask);

  return {
    async accept(entry) {
      for (let forgotten = ""; ; ) {
        const first = await accept(entry, forgotten);
        if (first === null) return { kind: "accepted" };
        const outcome = await ask(redis.hget(keys.record(first), "outcome"));
        if (outcome !== null) return { kind: "duplicate", of: first, outcome: outcome as Outcome };
        // The first one is gone: nothing would ever come of this event, so it counts as new.
        forgotten = first;
      }
    },

    async decide(id, decisions) {
      const jobs = jobsOf(decisions);
      const args = [id, outcomeOf(decisions), lineOf(decisions), writeJobs(jobs), failedOf(decisions)];
      refuse(
        await ask(
          scripts.decide([keys.record(id), keys.pending, keys.totals], [...args, encodeDecisions(decisions)]),
        ),
        id,
      );
    },

    async attempt(job, attempt) {
      const { number, outcome, runs } = attempt;
      const args = [
        job.delivery,
        job.id,
        number,
        JSON.stringify(attempt),
        letterOf[outcome],
        lineOfAttempt(attempt),
      ];
      const made = runs.flatMap((run) => [nameOfRun(run), JSON.stringify(run)]);
      const touched = [keys.record(job.delivery), keys.pending, keys.totals];
      refuse(await ask(scripts.attempt(touched, [...args, ATTEMPTS_KEPT, ...made])), job.delivery, job.id);
    },

    async find(id) {
      const fields = [...SUMMARY_FIELDS, "head", "decisions", "attempts"] as const;
      const found = await ask(redis.hmgetBuffer(keys.record(id), ...fields));
      const texts = found.slice(0, SUMMARY_FIELDS.length).map((field) => field?.toString("utf8"));
      const summary = readSummary(texts);
      const [head, decisions, attempts] = found.slice(SUMMARY_FIELDS.length);
      if (summary === undefined || !head) return undefined;
      return recordOf(summary, {
        head: decodeHead(head),
        decisions: decisions ? decodeDecisions(decisions) : [],
        attempts: byJob<Attempt>(jsonOf(attempts?.toString("utf8"))),
        runs: byJob<Run>(jsonOf(texts[SUMMARY_FIELDS.indexOf("runs")])),
      });
    },

    async load(id) {
      const [facts, head, body] = await ask(redis.hmgetBuffer(keys.record(id), "facts", "head", "body"));
      if (!facts || !head || !body) return undefined;
      const { listener, receivedAt, replayOf } = JSON.parse(facts.toString("utf8")) as Delivery;
      const origin = replayOf === undefined ? {} : { replayOf };
      return { id, listener, receivedAt, ...decodeHead(head), body: decode(body), ...origin };
    },

    list: (filter, page) => listRedis({ redis, keys, ask }, filter, page),
    pending: (before, page) => pendingRedis({ redis, keys, ask }, before, page),
    audit: () => auditRedis({ redis, keys, ask }),

    async ping() {
      await ask(redis.ping());
    },

    async close() {},
  };

  function accept(entry: NewDelivery, forgotten: string): Promise<string | null> {
    const { delivery, decisions, dedupeKey } = entry;
    const { id, listener, receivedAt } = delivery;
    const touched = [keys.record(id), keys.index, keys.pending, keys.totals];
    if (dedupeKey !== undefined) touched.push(keys.claim(listener, dedupeKey));
    const origin = [id, receivedAt, clock(), DEDUPE_WINDOW_MS, forgotten, JSON.stringify(factsOf(entry))];
    const request = [encodeHead(delivery), encode(delivery.body)];
    const decided =
      decisions === undefined
        ? ["pending", "", "", 0, EMPTY]
        : [
            outcomeOf(decisions),
            lineOf(decisions),
            writeJobs(jobsOf(decisions)),
            failedOf(decisions),
            encodeDecisions(decisions),
          ];
    return ask(scripts.accept(touched, [...origin, ...request, ...decided]));
  }
}

function jsonOf(lines: string | undefined): readonly (readonly [string, string])[] {
  return readLines(lines).map(([job, , json]) => [job, json]);
}

function refuse(refusal: string | null, id: string, job = ""): void {
  if ((refusal as Refusal) === "delivery") throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
  if (refusal !== null) throw fault("SLUICE_INTERNAL", { reason: `delivery ${id} has no job ${job}` });
}

async function refuseNewer(redis: Redis, keys: Keys, ask: Ask): Promise<void> {
  await ask(redis.setnx(keys.version, VERSION));
  const found = (await ask(redis.get(keys.version))) ?? "none";
  if (!(Number(found) <= VERSION)) throw fault("SLUICE_STORE_VERSION", { found, known: String(VERSION) });
}
