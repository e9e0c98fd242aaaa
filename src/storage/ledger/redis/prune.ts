/** How the Redis ledger forgets: record, index entries and counts of a delivery go in one script. */

import type { Run } from "../../../core/job.ts";
import type { Ledger, Outcome } from "../../../core/ledger.ts";
import type { RetentionPolicy } from "../../../core/retention.ts";
import { decodeDecisions } from "../codec.ts";
import { DEDUPE_WINDOW_MS } from "../limits.ts";
import { type Forgetter, prune } from "../prune.ts";
import type { Facts } from "../record.ts";
import { triggersOf } from "../record.ts";
import { totalsOf } from "./audit.ts";
import { readLines } from "./keys.ts";
import type { OperatorScripts } from "./operator-scripts.ts";
import type { RedisAccess } from "./search.ts";
import { answers } from "./search.ts";
import type { Term } from "./terms.ts";
import { objectTerm, packed, termsOf, triggerTerm } from "./terms.ts";

interface Old {
  readonly id: string;
  readonly receivedAt: number;
  readonly outcome: Outcome;
}

const CLASSES = { settled: ["created", "filtered", "duplicate"], dead: ["dead"] } as const;

/** Later than a claim that was made by a slow accept. */
const MARGIN_MS = 60_000;

/** As {@link Ledger.prune}. */
export async function pruneRedis(
  access: RedisAccess,
  scripts: OperatorScripts,
  policy: RetentionPolicy,
  now: number,
  limit: number,
): ReturnType<Ledger["prune"]> {
  const { keys, ask } = access;
  const at = await ask(scripts.look([keys.totals], [now]));
  return prune(redisForgetter(access, scripts, at), policy, at, limit);
}

/** As {@link Ledger.highWater}. */
export async function highWaterRedis({ redis, keys, ask }: RedisAccess): Promise<number | undefined> {
  const looked = await ask(redis.hget(keys.totals, "looked"));
  const [, newest] = await ask(redis.zrevrange(keys.index, 0, 0, "WITHSCORES"));
  const found = looked ?? newest;
  return found == null ? undefined : Number(found);
}

/** @param now milliseconds since the epoch: what is left of a dedupe key's time is counted from here. */
function redisForgetter(access: RedisAccess, scripts: OperatorScripts, now: number): Forgetter {
  const { redis, keys, ask } = access;
  return {
    async forget(kind, before, atMost) {
      const old = (await Promise.all(CLASSES[kind].map((outcome) => oldest(outcome, before, atMost)))).flat();
      const chosen = old.toSorted((a, b) => a.receivedAt - b.receivedAt).slice(0, atMost);
      const read = await indexed(
        access,
        chosen.map(({ id }) => id),
      );
      const gone = await Promise.all(chosen.map((one, i) => forgetOne(one, read[i])));
      return gone.reduce((sum, one) => sum + one, 0);
    },

    async strip(before, atMost) {
      const late = await stripFrom(keys.late, "-inf", before, atMost);
      if (late.done === atMost) return atMost;
      const from = (await ask(redis.hget(keys.totals, "stripped"))) ?? "-inf";
      const { done, last } = await stripFrom(keys.index, from, before, atMost - late.done);
      if (last !== undefined) await ask(redis.hset(keys.totals, "stripped", last));
      return late.done + done;
    },

    async kept() {
      const { bytes, outcomes } = await totalsOf(access);
      return { bytes, deliveries: [...outcomes.values()].reduce((sum, count) => sum + count, 0) };
    },
  };

  /** `last` is the time of the last one looked at: what was stripped of that time is looked at again, to no harm. */
  async function stripFrom(
    set: string,
    from: string,
    before: number,
    atMost: number,
  ): Promise<{ readonly done: number; readonly last?: string }> {
    let done = 0;
    let last: string | undefined;
    for (let offset = 0; done < atMost; ) {
      const count = atMost - done;
      const rows = await ask(
        redis.zrangebyscore(set, from, `(${before}`, "WITHSCORES", "LIMIT", offset, count),
      );
      if (rows.length === 0) break;
      const ids = rows.filter((_, i) => i % 2 === 0);
      const gone = await Promise.all(ids.map((id) => ask(scripts.strip([keys.record(id)], [id]))));
      const stripped = gone.reduce((sum, one) => sum + one, 0);
      done += stripped;
      // What is stripped leaves the late ones, but not the index.
      offset += set === keys.late ? ids.length - stripped : ids.length;
      last = rows.at(-1);
    }
    return { done, ...(last !== undefined && { last }) };
  }

  async function oldest(outcome: Outcome, before: number, atMost: number): Promise<readonly Old[]> {
    const max = before === Number.POSITIVE_INFINITY ? "+inf" : `(${before}`;
    const set = keys.outcomes[outcome];
    const rows = await ask(redis.zrangebyscore(set, "-inf", max, "WITHSCORES", "LIMIT", 0, atMost));
    return Array.from({ length: rows.length / 2 }, (_, i) => ({
      id: rows[2 * i] as string,
      receivedAt: Number(rows[2 * i + 1]),
      outcome,
    }));
  }

  function forgetOne({ id, receivedAt, outcome }: Old, read: Indexed | undefined): Promise<number> {
    const { terms = [], runsLength = 0 } = read ?? {};
    const claimed = Math.ceil(receivedAt + DEDUPE_WINDOW_MS + MARGIN_MS - now);
    return ask(scripts.forget([keys.record(id)], [id, outcome, runsLength, claimed, packed(terms)]));
  }
}

export interface Indexed {
  readonly terms: readonly Term[];
  /** Bytes of the field that more terms may come from. */
  readonly runsLength: number;
}

/** The terms of stored deliveries, made again from their records; undefined where there is no record. */
export async function indexed(
  { redis, keys, ask }: RedisAccess,
  ids: readonly string[],
): Promise<readonly (Indexed | undefined)[]> {
  if (ids.length === 0) return [];
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hmgetBuffer(keys.record(id), "facts", "decisions", "runs");
  return answers<readonly (Buffer | null)[]>(await ask(pipeline.exec())).map(([facts, decisions, runs]) => {
    if (!facts) return undefined;
    const terms = termsOf(JSON.parse(facts.toString("utf8")) as Facts);
    if (decisions) terms.push(...triggersOf(decodeDecisions(decisions)).map(triggerTerm));
    const made = readLines(runs?.toString("utf8")).map(([, , json]) => JSON.parse(json) as Run);
    terms.push(...made.map(objectTerm));
    return { terms, runsLength: runs?.length ?? 0 };
  });
}
