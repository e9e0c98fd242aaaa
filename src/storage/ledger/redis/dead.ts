/** Dead letters of the Redis ledger: grouped, tried again, dropped. */

import { fault } from "../../../core/errors.ts";
import type { CreateJob } from "../../../core/job.ts";
import type { Act, DeadGroup, DeliveryFilter, Page } from "../../../core/ledger.ts";
import { cleanAct } from "../acts.ts";
import { decodeDecisions } from "../codec.ts";
import { groupOf, groupsOf } from "../dead-groups.ts";
import { DEAD_GROUPED, PAGE_MAX } from "../limits.ts";
import type { StoredSummary } from "../record.ts";
import { droppedOf, jobsOf, refuseDrop, withReopened } from "../record.ts";
import { readReopened } from "./keys.ts";
import type { OperatorScripts } from "./operator-scripts.ts";
import type { RedisAccess } from "./search.ts";
import { answers, searchRedis } from "./search.ts";
import { packed } from "./terms.ts";

export async function deadGroupsRedis(
  access: RedisAccess,
  filter: DeliveryFilter = {},
): Promise<readonly DeadGroup[]> {
  if (filter.outcome !== undefined && filter.outcome !== "dead") return [];
  const dead: StoredSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = { limit: PAGE_MAX, ...(cursor !== undefined && { cursor }) };
    const found = await searchRedis(access, { ...filter, outcome: "dead" }, page);
    dead.push(...found.items.map(({ stored }) => stored));
    cursor = found.next;
  } while (cursor !== undefined && dead.length < DEAD_GROUPED);
  const newest = dead.slice(0, DEAD_GROUPED);
  return groupsOf(newest, await bodiless(access, newest));
}

/** Ids of those whose body is gone. */
async function bodiless(
  { redis, keys, ask }: RedisAccess,
  dead: readonly StoredSummary[],
): Promise<ReadonlySet<string>> {
  const gone = new Set<string>();
  for (let from = 0; from < dead.length; from += PAGE_MAX) {
    const ids = dead.slice(from, from + PAGE_MAX).map(({ facts }) => facts.id);
    const reading = redis.pipeline();
    for (const id of ids) reading.hstrlen(keys.record(id), "body");
    const lengths = answers<number>(await ask(reading.exec()));
    ids.forEach((id, i) => {
      if (lengths[i] === 0) gone.add(id);
    });
  }
  return gone;
}

export async function deadOfRedis(
  access: RedisAccess,
  fingerprint: string,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<string>> {
  const keep = (stored: StoredSummary) => groupOf(stored) === fingerprint;
  const { items, next } = await searchRedis(access, { outcome: "dead" }, page, { keep });
  return { items: items.map(({ summary }) => summary.id), ...(next !== undefined && { next }) };
}

export async function reopenRedis(
  { redis, keys, ask }: RedisAccess,
  scripts: OperatorScripts,
  id: string,
  at: number,
  only?: ReadonlySet<string>,
): Promise<readonly CreateJob[]> {
  if (only?.size === 0) return [];
  const again = await ask(scripts.reopen([keys.record(id)], [id, at, packed([...(only ?? [])])]));
  if (again === null) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
  if (again.length === 0) return [];
  const [decisions, reopened] = await ask(redis.hmgetBuffer(keys.record(id), "decisions", "reopened"));
  if (!decisions) return [];
  const wanted = new Set(again);
  const all = readReopened(reopened?.toString("utf8"));
  const jobs = jobsOf(decodeDecisions(decisions)).filter((job) => wanted.has(job.id));
  return jobs.map((job) => withReopened(job, all));
}

export async function dropRedis(
  { keys, ask }: RedisAccess,
  scripts: OperatorScripts,
  id: string,
  act: Act,
): Promise<void> {
  const args = [id, JSON.stringify(droppedOf(act)), JSON.stringify(cleanAct(act))];
  const refusal = await ask(scripts.drop([keys.record(id)], args));
  if (refusal !== null) refuseDrop(id, refusal);
}
