/** The Redis driver's writes on the way of the data: each is one Lua script, so that it happens whole or not at all. */

import type { Redis } from "ioredis";
import { define, HEAD, LINES, type Script, SETTLE } from "./redis-lua.ts";

export interface Scripts {
  /**
   * KEYS as {@link HEAD}, bodies, claim where there is a dedupe key, the terms of the facts and of the triggers.
   * ARGV id, receivedAt, now, window, forgotten, 1 where there is a dedupe key, how many terms of facts, outcome, bytes,
   * body, then names and values of the fields that every record has, and of those that only an accepted one has.
   *
   * @returns null when accepted, else the id of the delivery that came first.
   */
  readonly accept: Script;
  /** KEYS as {@link HEAD}, the terms of the triggers. ARGV id, outcome, bytes, names and values of fields. */
  readonly decide: Script<Refusal>;
  /**
   * KEYS as {@link HEAD}, the terms of the runs. ARGV id, job, number, attempt, state, line, death, attempts kept, then
   * name and JSON of each run.
   */
  readonly attempt: Script<Refusal>;
}

/** What was unknown; null when nothing was. */
export type Refusal = "delivery" | "job" | null;

export function defineScripts(redis: Redis): Scripts {
  return {
    accept: define(redis, "sluiceAccept", HEAD + accept),
    decide: define(redis, "sluiceDecide", HEAD + SETTLE + decide),
    attempt: define(redis, "sluiceAttempt", HEAD + SETTLE + LINES + attempt),
  };
}

/** Fields of every record in {@link Scripts.accept}: facts and head, each with its name. */
const COMMON = 4;

/*
 * A record is a hash. `jobs` holds a line for each job, its state (p, d or c: pending, dead, created) before its id;
 * `attempts`, `runs` and `reopened` hold lines of three columns with tabs between, the first of them the job. Every list
 * starts and ends with a newline, so that a line is found by plain search.
 */

const accept = `
local id, received_at, now, window, forgotten, claims, facts, outcome, bytes, body = unpack(ARGV, 1, 10)
local bodies, at = KEYS[9], 10

local known = redis.call('HMGET', record, 'outcome', 'first')
if known[1] then
  -- Sent twice by the client, which lost the answer: the answer is given again.
  if known[1] ~= 'duplicate' then return false end
  if known[2] ~= forgotten then return known[2] end
  redis.call('DEL', record)
  redis.call('ZREM', sets.duplicate, id)
  redis.call('HINCRBY', totals, 'duplicate', -1)
end

redis.call('ZADD', index, received_at, id)
redis.call('HINCRBY', totals, 'writes', 1)

if claims == '1' then
  local claim = KEYS[10]
  at = 11
  local held = redis.call('GET', claim)
  local since, first
  if held then since, first = held:match('^(%d+) (.*)$') end
  if first and first ~= id and first ~= forgotten and tonumber(since) + tonumber(window) > tonumber(now) then
    for i = at, at + facts - 1 do redis.call('ZADD', KEYS[i], received_at, id) end
    redis.call('HSET', record, 'outcome', 'duplicate', 'first', first, unpack(ARGV, 11, 10 + ${COMMON}))
    redis.call('ZADD', sets.duplicate, received_at, id)
    redis.call('HINCRBY', totals, 'duplicate', 1)
    return first
  end
  redis.call('SET', claim, now .. ' ' .. id, 'PX', window)
end

for i = at, #KEYS do redis.call('ZADD', KEYS[i], received_at, id) end
redis.call('HSET', record, 'outcome', outcome, 'body', body, unpack(ARGV, 11))
redis.call('ZADD', bodies, received_at, id)
redis.call('ZADD', sets[outcome], received_at, id)
redis.call('HINCRBY', totals, outcome, 1)
redis.call('HINCRBY', totals, 'bytes', bytes)
return false
`;

const decide = `
local id, outcome, bytes = unpack(ARGV, 1, 3)

local known = redis.call('HMGET', record, 'outcome', 'said')
if not known[1] then return 'delivery' end
if known[1] == 'duplicate' or known[2] then return false end

redis.call('HSET', record, unpack(ARGV, 4))
redis.call('HINCRBY', totals, 'writes', 1)
redis.call('HINCRBY', totals, 'bytes', bytes)
find_by(id, 9)
settle(id, outcome, known[1])
return false
`;

const attempt = `
local id, job, number, attempt, state, line, death, kept = unpack(ARGV, 1, 8)

local known = redis.call('HMGET', record, 'outcome', 'jobs', 'attempts', 'runs', 'failed', 'reopened')
local was, jobs, attempts, runs = known[1], known[2] or '', known[3] or '\\n', known[4] or '\\n'
if not was then return 'delivery' end

-- States only rise: pending, dead, created. So it does not matter in which order, or how often, tries are recorded.
local rank = { p = 1, d = 2, c = 3 }
local at, before
for each in pairs(rank) do
  local found = has(jobs, each .. job .. '\\n')
  if found then at, before = found + 1, each end
end
if not at then return 'job' end
-- A person may have reopened it: tries from before that can no longer kill it.
local stale = state == 'd' and tonumber(number) <= reopened_at(known[6], job)
local moved = rank[state] > rank[before] and not stale

local start = job .. '\\t' .. number .. '\\t'
if moved or not has(attempts, start) then
  attempts = without(attempts, start) .. start .. attempt .. '\\n'
  if count(attempts, job .. '\\t') > tonumber(kept) then attempts = without(attempts, job .. '\\t') end
  redis.call('HSET', record, 'attempts', attempts)
  if line ~= '' and not stale and rank[state] >= rank[before] and (state == 'd' or not has(jobs, 'd')) then
    redis.call('HSET', record, 'tried', line)
    if death ~= '' then redis.call('HSET', record, 'death', death) end
  end
end

local grown = runs
for i = 9, #ARGV, 2 do
  local name = job .. '\\t' .. ARGV[i] .. '\\t'
  if not has(grown, name) then grown = grown .. name .. ARGV[i + 1] .. '\\n' end
end
if grown ~= runs then
  redis.call('HSET', record, 'runs', grown)
  find_by(id, 9)
end

if moved then
  jobs = jobs:sub(1, at - 1) .. state .. jobs:sub(at + 1)
  redis.call('HSET', record, 'jobs', jobs)
end
redis.call('HINCRBY', totals, 'writes', 1)

local outcome = 'created'
if has(jobs, 'p') then outcome = 'pending'
elseif known[5] or has(jobs, 'd') then outcome = 'dead' end
settle(id, outcome, was)
return false
`;
