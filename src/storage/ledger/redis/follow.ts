/** What became of the Redis ledger's runs: a line for each in its delivery's record, and a set of those still running. */

import type { Page } from "../../../core/ledger.ts";
import type { Followed, OpenRun, RunName, RunProgress } from "../../../core/progress.ts";
import { followed, openRunOf, progressText } from "../follow.ts";
import { pageSize } from "../page.ts";
import { nameOfRun } from "../record.ts";
import { readLines } from "./keys.ts";
import type { Script } from "./lua.ts";
import type { RedisAccess } from "./search.ts";

/** Of scripts.ts, where its arguments stand. */
export const FOLLOW = `
local _, name, phase, progress, started = unpack(ARGV)
local known = redis.call('HMGET', record, 'runs', 'progress')
if not known[1] or not known[1]:find('\\t' .. name .. '\\t', 1, true) then return false end

local all, start = known[2] or '\\n', name .. '\\t'
local before = ''
local from = has(all, start)
if from then before = all:match('^[^\\t]*\\t([^\\t]*)', from + 1) end
-- It only goes on: an end is the last that is heard.
if before ~= '' and (before ~= 'running' or phase == 'running') then return before end

redis.call('HSET', record, 'progress', without(all, start) .. start .. phase .. '\\t' .. progress .. '\\n')
redis.call('HINCRBY', totals, 'writes', 1)
local open = base .. ':running'
if phase == 'running' then redis.call('ZADD', open, started, id .. '\\t' .. name)
else redis.call('ZREM', open, id .. '\\t' .. name) end
return before
`;

export async function followRedis(
  { keys, ask }: RedisAccess,
  follow: Script,
  delivery: string,
  run: RunName,
  progress: RunProgress,
): Promise<Followed | undefined> {
  const { phase, startedAt, createdAt } = progress;
  const args = [delivery, nameOfRun(run), phase, progressText(progress), startedAt ?? createdAt];
  const before = await ask(follow([keys.record(delivery)], args));
  return before === null ? undefined : followed(before, progress);
}

export async function runningRedis(
  { redis, keys, ask }: RedisAccess,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<OpenRun>> {
  const count = pageSize(page.limit);
  const [cursor, found] = await ask(redis.zscan(keys.running, page.cursor ?? "0", "COUNT", count));
  const items = found
    .filter((_, i) => i % 2 === 0)
    .flatMap((member) => {
      const [delivery = "", name = ""] = member.split("\t");
      return openRunOf(delivery, name) ?? [];
    });
  return { items, ...(cursor !== "0" && { next: cursor }) };
}

/** The field `progress`, by the run's name. */
export function progressOf(lines: string | undefined): ReadonlyMap<string, RunProgress> {
  return new Map(readLines(lines).map(([name, , json]) => [name, JSON.parse(json) as RunProgress]));
}
