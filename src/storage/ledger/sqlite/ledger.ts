/** The ledger in the embedded database: what is sealed, encoded or counted outside of its thread, and one call for the rest. */

import type { Archive } from "../../../core/backup.ts";
import { SluiceError } from "../../../core/errors.ts";
import type { StoreKeys } from "../../../core/integrity.ts";
import type { DeliveryFilter, Ledger } from "../../../core/ledger.ts";
import type { RefusalLog } from "../../../core/refusal.ts";
import type { SqliteCall } from "../../../core/sqlite.ts";
import { readSections, restoreEach } from "../backup.ts";
import { deathOf } from "../cause.ts";
import { claimOf } from "../claim.ts";
import { groupsOf } from "../dead-groups.ts";
import { DEAD_GROUPED, DEDUPE_WINDOW_MS, PAGE_MAX } from "../limits.ts";
import { prune } from "../prune.ts";
import { factsOf, lineOfAttempt, nameOfRun, type StoredSummary } from "../record.ts";
import { createSeals, NO_BODY } from "../sealed.ts";
import { createPatience } from "../stall-timeout.ts";
import { clean } from "../text.ts";
import { createSqliteAudit } from "./audit.ts";
import type { LedgerOperations } from "./operations.ts";
import { decidedOf } from "./rows.ts";

export interface SqliteLedgerNeeds {
  readonly call: SqliteCall<LedgerOperations>;
  /** Sign records and encrypt bodies; without them neither is done, and all is believed. */
  readonly keys?: StoreKeys | undefined;
  /** The store's clock, milliseconds since the epoch; only the memory of dedupe keys asks for it. */
  readonly clock?: () => number;
  /** Milliseconds that the clock may have jumped ahead: what is remembered ages without them. */
  readonly jumped?: () => number;
}

const stateOf = { done: "created", retry: "pending", dead: "dead" } as const;

export function createSqliteLedger(needs: SqliteLedgerNeeds): Ledger & Archive & RefusalLog {
  const { keys, clock = Date.now, jumped = () => 0 } = needs;
  let full = false;
  const ask = createPatience(undefined, (thrown) => {
    full ||= thrown instanceof SluiceError && thrown.code === "SLUICE_STORE_FULL";
  });
  const call: SqliteCall<LedgerOperations> = (name, ...args) => ask(needs.call(name, ...args));
  const seals = createSeals(keys);
  const time = () => ({ now: clock(), window: DEDUPE_WINDOW_MS + jumped() });

  return {
    async accept(entry) {
      const { delivery, decisions, dedupeKey, digest } = entry;
      const facts = factsOf(entry);
      const sealed = entry.keepsBody === false ? null : seals.body(delivery);
      const body = sealed instanceof Promise ? await sealed : sealed;
      const head = seals.head(delivery, facts, body ?? NO_BODY, digest);
      const decided = decisions && decidedOf(facts.id, decisions);
      const key = dedupeKey === undefined ? undefined : claimOf(facts.listener, dedupeKey);
      return call("accept", { facts, head, body, decided }, key, time());
    },
    claim: ({ id, listener }, dedupeKey) => call("claim", id, claimOf(listener, dedupeKey), time()),
    decide: (id, decisions) => call("decide", id, decidedOf(id, decisions)),
    decideLate: (id, late) => call("decideLate", clean(id), late),
    attempt: (job, attempt) =>
      call("attempt", {
        ...{ delivery: job.delivery, job: job.id, number: attempt.number, state: stateOf[attempt.outcome] },
        ...{ text: JSON.stringify(attempt), line: lineOfAttempt(attempt), death: deathOf(attempt) },
        runs: attempt.runs.map((run) => ({ name: nameOfRun(run), text: JSON.stringify(run) })),
      }),
    follow: (delivery, run, progress) => call("follow", clean(delivery), run, progress),
    running: (page) => call("running", page),
    find: (id) => call("find", clean(id)),
    async load(id) {
      const found = await call("load", clean(id));
      return found && seals.open(found.facts, found.head, found.body);
    },
    forgetBody: (id) => call("forgetBody", clean(id)),
    usage: (listener) => call("usage", listener),
    list: (filter, page) => call("list", filter, page),
    pending: (before, page) => call("pending", before, page),
    audit: createSqliteAudit(call),
    async count(filter) {
      const whole = await call("count", filter);
      if (whole !== undefined) return whole;
      let found = 0;
      for await (const page of pages((cursor) => call("list", filter, { limit: PAGE_MAX, cursor })))
        found += page.length;
      return found;
    },
    async deadGroups(filter: DeliveryFilter = {}) {
      if (filter.outcome !== undefined && filter.outcome !== "dead") return [];
      const dead: StoredSummary[] = [];
      for await (const page of pages((cursor) => call("dead", filter, { limit: PAGE_MAX, cursor }))) {
        dead.push(...page);
        if (dead.length >= DEAD_GROUPED) break;
      }
      const newest = dead.slice(0, DEAD_GROUPED);
      const ids = newest.map(({ facts }) => facts.id);
      return groupsOf(newest, new Set(await call("bodiless", ids)));
    },
    deadOf: (fingerprint, page) => call("deadOf", fingerprint, page),
    reopen: (id, at, only) => call("reopen", clean(id), at, only),
    drop: (id, act) => call("drop", clean(id), act),
    record: (act) => call("record", act),
    keepBatch: (batch) => call("keepBatch", batch),
    batches: () => call("batches"),
    batch: (id) => call("batch", id),
    acts: (page) => call("acts", page),
    async prune(policy, now, limit) {
      const at = await call("look", now);
      const forgetter = {
        forget: (...[kind, before, atMost]: Parameters<Parameters<typeof prune>[0]["forget"]>) =>
          call("forget", kind, before, atMost, at),
        strip: (before: number, atMost: number) => call("strip", before, atMost),
        kept: () => call("kept"),
      };
      return prune(forgetter, policy, at, limit);
    },
    highWater: () => call("highWater"),
    missing: (ids) => call("missing", ids),
    keepRefused: (refusals) => call("keepRefused", refusals),
    refused: (filter, limit) => call("refused", filter, limit),
    backup: readSections({
      delivery: (cursor) => call("backupDeliveries", cursor),
      claim: (cursor) => call("backupClaims", cursor),
      act: (cursor) => call("backupActs", cursor),
      batch: () => call("backupBatches"),
    }),
    restore: (items) => restoreEach(items, (item) => call("restore", item)),
    async ping() {
      await call("ping");
      if (!full) return;
      // What has room for a small write may have none for a delivery.
      await call("takeRoom");
      await call("giveRoom");
      full = false;
    },
    async close() {},
  };
}

/** Reads pages to the end. */
async function* pages<T>(
  read: (cursor: string | undefined) => Promise<{ readonly items: readonly T[]; readonly next?: string }>,
): AsyncGenerator<readonly T[]> {
  let cursor: string | undefined;
  do {
    const { items, next } = await read(cursor);
    yield items;
    cursor = next;
  } while (cursor !== undefined);
}
