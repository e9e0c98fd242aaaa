/** The ledger on Redis: a hash for each delivery, written by scripts, and sorted sets to find it by. */

import type { Redis } from "ioredis";
import type { Archive } from "../../../core/backup.ts";
import type { Decision } from "../../../core/decision.ts";
import { fault } from "../../../core/errors.ts";
import type { StoreKeys } from "../../../core/integrity.ts";
import type { Attempt, Run } from "../../../core/job.ts";
import type { AcceptResult, Ledger, NewDelivery, Outcome } from "../../../core/ledger.ts";
import { outcomeOf as outcomeOfDecisions } from "../../../core/outcome.ts";
import type { RefusalLog } from "../../../core/refusal.ts";
import { deathOf, failureOf } from "../cause.ts";
import { decodeDecisions, decodeHead, encodeDecisions } from "../codec.ts";
import { ATTEMPTS_KEPT, DEDUPE_WINDOW_MS } from "../limits.ts";
import { missingRedis } from "../missing.ts";
import {
  byJob,
  type Facts,
  factsOf,
  failedOf,
  lineOf,
  lineOfAttempt,
  nameOfRun,
  recordOf,
  refuseJob,
  triggersOf,
  workIdsOf,
} from "../record.ts";
import { createSeals, NO_BODY } from "../sealed.ts";
import { createPatience } from "../stall-timeout.ts";
import { actsRedis, recordRedis } from "./acts.ts";
import { adoptRedis } from "./adopt.ts";
import { auditRedis } from "./audit.ts";
import { backupRedis } from "./backup.ts";
import { batchesRedis, batchRedis, keepBatchRedis } from "./batches.ts";
import { deadGroupsRedis, deadOfRedis, dropRedis, reopenRedis } from "./dead.ts";
import { followRedis, progressOf, runningRedis } from "./follow.ts";
import { keysOf, readLines, readReopened, readSummary, SUMMARY_FIELDS, writeJobs } from "./keys.ts";
import { decideLateRedis } from "./late.ts";
import type { OperatorScripts } from "./operator-scripts.ts";
import { defineOperatorScripts } from "./operator-scripts.ts";
import { pendingRedis } from "./pending.ts";
import { highWaterRedis, pruneRedis } from "./prune.ts";
import { keepRefusedRedis, refusedRedis } from "./refusals.ts";
import { restoreRedis } from "./restore.ts";
import type { Refusal } from "./scripts.ts";
import { defineScripts } from "./scripts.ts";
import type { RedisAccess } from "./search.ts";
import { answers, countRedis, listRedis } from "./search.ts";
import { objectTerm, packed, termsOf, triggerTerm } from "./terms.ts";

export interface RedisLedgerNeeds {
  /** A connection that others may share; whoever opened it closes it. Its server decides what durable means. */
  readonly redis: Redis;
  readonly prefix: string;
  /** Sign records and encrypt bodies; without them neither is done, and all is believed. */
  readonly keys?: StoreKeys | undefined;
  /** The store's clock, milliseconds since the epoch; only the memory of dedupe keys asks for it. */
  readonly clock?: () => number;
  /** Opens, before a delivery is written, the wait for a replica to have it; absent: the server's own answer counts. */
  readonly confirm?: () => () => Promise<void>;
}

/** Version of the records below; a newer one's are not touched. */
const VERSION = 2;

/** Milliseconds that the key of a ping is kept. */
const PROBE_KEPT_MS = 1_000;

const letterOf = { done: "c", retry: "p", dead: "d" } as const;

/**
 * Opens the ledger under `{prefix}:`.
 *
 * Records of an older version are brought into the indexes first; stop gateways of that version before, because what they
 * write afterwards stands in plain lists only.
 *
 * @throws SluiceError SLUICE_STORE_AWAY, or SLUICE_STORE_VERSION when a newer version wrote there.
 */
export async function createRedisLedger(needs: RedisLedgerNeeds): Promise<Ledger & Archive & RefusalLog> {
  const { redis, prefix, clock = Date.now, confirm } = needs;
  const ask = createPatience();
  const seals = createSeals(needs.keys);
  const keys = keysOf(prefix);
  const access = { redis, keys, ask };
  const scripts = defineScripts(redis);
  const operator = defineOperatorScripts(redis);
  await refuseNewer(access);
  await bringUpToDate(access, operator);

  return {
    async accept(entry) {
      const confirmed = confirm?.();
      const result = await acceptOnce(entry);
      await confirmed?.();
      return result;
    },

    claim({ id, listener }, dedupeKey) {
      const touched = [keys.record(id), keys.claim(listener, dedupeKey)];
      return ask(scripts.claim(touched, [id, clock(), DEDUPE_WINDOW_MS]));
    },

    async decide(id, decisions) {
      const { fields, terms, outcome, bytes } = decided(id, decisions);
      refuse(await ask(scripts.decide([keys.record(id)], [id, outcome, bytes, terms, ...fields])), id);
    },

    decideLate: (id, late) => decideLateRedis(access, scripts.decideLate, id, late),

    async attempt(job, attempt) {
      const { number, outcome, runs } = attempt;
      const id = job.delivery;
      const tried = [job.id, number, JSON.stringify(attempt), letterOf[outcome], lineOfAttempt(attempt)];
      const made = runs.flatMap((run) => [nameOfRun(run), JSON.stringify(run)]);
      const args = [...tried, deathOf(attempt), ATTEMPTS_KEPT, packed(runs.map(objectTerm)), ...made];
      refuse(await ask(scripts.attempt([keys.record(id)], [id, ...args])), id, job.id);
    },

    async find(id) {
      const fields = [...SUMMARY_FIELDS, "head", "decisions", "attempts", "reopened", "progress"];
      const found = await ask(redis.hmgetBuffer(keys.record(id), ...fields));
      const texts = found.slice(0, SUMMARY_FIELDS.length).map((field) => field?.toString("utf8"));
      const summary = readSummary(texts);
      const [head, decisions, attempts, reopened, progress] = found.slice(SUMMARY_FIELDS.length);
      if (summary === undefined || !head) return undefined;
      return recordOf(summary, {
        head: decodeHead(head),
        decisions: decisions ? decodeDecisions(decisions) : [],
        attempts: byJob<Attempt>(jsonOf(attempts?.toString("utf8"))),
        runs: byJob<Run>(jsonOf(texts[SUMMARY_FIELDS.indexOf("runs")])),
        progress: progressOf(progress?.toString("utf8")),
        reopened: readReopened(reopened?.toString("utf8")),
      });
    },

    async load(id) {
      const [facts, head, body] = await ask(redis.hmgetBuffer(keys.record(id), "facts", "head", "body"));
      if (!facts || !head || !body) return undefined;
      return seals.open({ ...(JSON.parse(facts.toString("utf8")) as Facts), id }, head, body);
    },

    async forgetBody(id) {
      await ask(operator.strip([keys.record(id)], [id, "any"]));
    },

    async usage({ namespace, name } = { namespace: "", name: "" }) {
      const reading = redis.pipeline().hget(keys.totals, "bytes").hget(keys.unproved, `${namespace}/${name}`);
      const [bytes, unproved] = answers<string | null>(await ask(reading.exec()));
      return { bytes: Number(bytes ?? 0), unproved: Number(unproved ?? 0) };
    },

    follow: (delivery, run, progress) => followRedis(access, scripts.follow, delivery, run, progress),
    running: (page) => runningRedis(access, page),
    list: (filter, page) => listRedis(access, filter, page),
    pending: (before, page) => pendingRedis(access, before, page),
    audit: () => auditRedis(access),
    count: (filter) => countRedis(access, filter),
    deadGroups: (filter) => deadGroupsRedis(access, filter),
    deadOf: (fingerprint, page) => deadOfRedis(access, fingerprint, page),
    reopen: (id, at, only) => reopenRedis(access, operator, id, at, only),
    drop: (id, act) => dropRedis(access, operator, id, act),
    record: (act) => recordRedis(access, act),
    keepBatch: (batch) => keepBatchRedis(access, batch),
    batches: () => batchesRedis(access),
    batch: (id) => batchRedis(access, id),
    acts: (page) => actsRedis(access, page),
    prune: (policy, now, limit) => pruneRedis(access, operator, policy, now, limit),
    highWater: () => highWaterRedis(access),

    keepRefused: (refusals) => keepRefusedRedis(access, refusals),
    refused: (filter, limit) => refusedRedis(access, filter, limit),
    missing: (ids) => missingRedis(access, ids),
    backup: backupRedis(access),
    restore: restoreRedis(access),

    async ping() {
      // A server that only answers may refuse every write: too few replicas, a full disk, a replica by now.
      await ask(redis.set(keys.probe, "", "PX", PROBE_KEPT_MS));
    },

    async close() {},
  };

  async function acceptOnce(entry: NewDelivery): Promise<AcceptResult> {
    for (let lost = ""; ; ) {
      const first = await accept(entry, lost);
      if (first === null) return { kind: "accepted" };
      const outcome = await outcomeOf(first);
      if (outcome !== null) return { kind: "duplicate", of: first, outcome };
      // The first one is lost: nothing would ever come of this event, so it counts as new.
      lost = first;
    }
  }

  function accept(entry: NewDelivery, lost: string): Promise<string | null> {
    const body = entry.keepsBody === false ? NO_BODY : seals.body(entry.delivery);
    return body instanceof Promise ? body.then((made) => write(entry, lost, made)) : write(entry, lost, body);
  }

  function write(entry: NewDelivery, lost: string, body: Buffer): Promise<string | null> {
    const { delivery, decisions, dedupeKey } = entry;
    const { id, listener, receivedAt } = delivery;
    const facts = factsOf(entry);
    const common = [JSON.stringify(facts), seals.head(delivery, facts, body, entry.digest)] as const;
    const more = decisions === undefined ? UNDECIDED : decided(id, decisions);
    const bytes = Buffer.byteLength(common[0]) + common[1].length + body.length + more.bytes;
    const touched = [keys.record(id)];
    if (dedupeKey !== undefined) touched.push(keys.claim(listener, dedupeKey));
    const origin = [id, receivedAt, clock(), DEDUPE_WINDOW_MS, lost, packed(termsOf(facts)), more.terms];
    const unproved = facts.proof === "none" ? `${listener.namespace}/${listener.name}` : "";
    const fields = ["facts", common[0], "head", common[1], ...more.fields];
    return ask(scripts.accept(touched, [...origin, more.outcome, bytes, body, unproved, ...fields]));
  }

  /** What decisions add to a record: names and values of fields, packed terms. */
  function decided(id: string, decisions: readonly Decision[]): Decided {
    const stored = encodeDecisions(decisions);
    const fields: (string | number | Buffer)[] = ["said", lineOf(decisions), "decisions", stored];
    const work = workIdsOf(id, decisions);
    if (work.length > 0) fields.push("jobs", writeJobs(work));
    const failed = failedOf(decisions);
    if (failed > 0) fields.push("failed", failed, "failure", failureOf(decisions));
    const terms = packed(triggersOf(decisions).map(triggerTerm));
    return { outcome: outcomeOfDecisions(decisions), bytes: stored.length, fields, terms };
  }

  /** Null when nothing is known of it; of one that was forgotten, what it was then. */
  async function outcomeOf(id: string): Promise<Outcome | null> {
    const outcome = await ask(redis.hget(keys.record(id), "outcome"));
    return (outcome ?? (await ask(redis.get(keys.forgotten(id))))) as Outcome | null;
  }
}

interface Decided {
  readonly outcome: Outcome;
  readonly bytes: number;
  readonly fields: readonly (string | number | Buffer)[];
  readonly terms: string;
}

const UNDECIDED: Decided = { outcome: "pending", bytes: 0, fields: [], terms: "" };

function jsonOf(lines: string | undefined): readonly (readonly [string, string])[] {
  return readLines(lines).map(([job, , json]) => [job, json]);
}

function refuse(refusal: Refusal, id: string, job = ""): void {
  if (refusal === "delivery") throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
  if (refusal === "job") refuseJob(id, job);
}

async function refuseNewer({ redis, keys, ask }: RedisAccess): Promise<void> {
  await ask(redis.setnx(keys.version, VERSION));
  const found = (await ask(redis.get(keys.version))) ?? "none";
  if (!(Number(found) <= VERSION)) throw fault("SLUICE_STORE_VERSION", { found, known: String(VERSION) });
}

/** Version 1 knew no terms and no sets of outcomes but that of the pending ones. */
async function bringUpToDate(access: RedisAccess, scripts: OperatorScripts): Promise<void> {
  const { redis, keys, ask } = access;
  if ((await ask(redis.get(keys.version))) === String(VERSION)) return;
  await adoptRedis(access, scripts);
  await ask(redis.set(keys.version, VERSION));
}
