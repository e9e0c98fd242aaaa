/** The Redis driver's writes on the way of the data: each is one Lua script, so that it happens whole or not at all. */

import type { Redis } from "ioredis";
import { FOLLOW } from "./follow.ts";
import { LATE, type LateRefusal } from "./late.ts";
import { CLAIM, define, HEAD, LINES, type Script, SETTLE } from "./lua.ts";

export interface Scripts {
  /**
   * KEYS record, claim where there is a dedupe key. ARGV id, receivedAt, now, window, forgotten, terms of the facts, terms
   * of the triggers, outcome, bytes, body (empty: none is kept), listener where it is unproved, then names and values of the fields that every record has, and of those that
   * only an accepted one has.
   *
   * @returns null when accepted, else the id of the delivery that came first.
   */
  readonly accept: Script;
  /** KEYS record, claim. ARGV id, now, window. @returns the id of the delivery that holds the claim. */
  readonly claim: Script<string>;
  /** KEYS record. ARGV id, outcome, bytes, terms of the triggers, names and values of fields. */
  readonly decide: Script<Refusal>;
  /** As late.ts says. */
  readonly decideLate: Script<LateRefusal>;
  /**
   * KEYS record. ARGV id, job, number, attempt, state, line, death, attempts kept, terms of the runs, then name and JSON
   * of each run.
   */
  readonly attempt: Script<Refusal>;
  /**
   * KEYS record. ARGV id, the run's name, phase, progress, when it started.
   *
   * @returns the phase before, empty when there was none; null when there is no such run.
   */
  readonly follow: Script;
}

/** What was unknown; null when nothing was. */
export type Refusal = "delivery" | "job" | null;

export function defineScripts(redis: Redis): Scripts {
  return {
    accept: define(redis, "sluiceAccept", HEAD + CLAIM + accept),
    claim: define(redis, "sluiceClaim", HEAD + CLAIM + claim),
    decide: define(redis, "sluiceDecide", HEAD + SETTLE + decide),
    decideLate: define(redis, "sluiceDecideLate", HEAD + SETTLE + LINES + LATE),
    attempt: define(redis, "sluiceAttempt", HEAD + SETTLE + LINES + attempt),
    follow: define(redis, "sluiceFollow", HEAD + LINES + FOLLOW),
  };
}

/** Fields of every record in {@link Scripts.accept}: facts and head, each with its name. */
const COMMON = 4;

/*
 * A record is a hash. `jobs` holds a line for each job, its state (p, d or c: pending, dead, created) before its id;
 * `attempts`, `runs` and `reopened` hold lines of three columns with tabs between, the first of them the job; those of
 * `progress` begin with the run's name. Every list starts and ends with a newline, so that a line is found by plain search.
 */

const accept = `
local _, received_at, now, window, forgotten, facts, triggers, outcome, bytes, body, unproved = unpack(ARGV, 1, 11)
local claim = KEYS[2]

local known = redis.call('HMGET', record, 'outcome', 'first')
if known[1] then
  -- Sent twice by the client, which lost the answer: the answer is given again.
  if known[1] ~= 'duplicate' then
    -- Written again though nothing changes: WAIT on a connection that wrote nothing confirms at once (--durability replicated).
    redis.call('HSET', record, 'outcome', known[1])
    return false
  end
  if known[2] ~= forgotten then return known[2] end
  redis.call('DEL', record)
  redis.call('ZREM', set_of('duplicate'), id)
end

redis.call('ZADD', index, received_at, id)
redis.call('HINCRBY', totals, 'writes', 1)

if claim then
  local first, outcome = holder(claim, now, window)
  if first and first ~= id and first ~= forgotten and outcome ~= 'filtered' then
    each_term('ZADD', facts, received_at, id)
    redis.call('HSET', record, 'outcome', 'duplicate', 'first', first, unpack(ARGV, 12, 11 + ${COMMON}))
    redis.call('ZADD', set_of('duplicate'), received_at, id)
    return first
  end
  redis.call('SET', claim, now .. ' ' .. id, 'PX', window)
end

each_term('ZADD', facts .. triggers, received_at, id)
if body == '' then redis.call('HSET', record, 'outcome', outcome, unpack(ARGV, 12))
else redis.call('HSET', record, 'outcome', outcome, 'body', body, unpack(ARGV, 12)) end
if unproved ~= '' then
  redis.call('HSET', record, 'unproved', unproved)
  count_bytes(unproved, bytes)
end
redis.call('ZADD', set_of(outcome), received_at, id)
redis.call('HINCRBY', totals, 'bytes', bytes)
return false
`;

const claim = `
local _, now, window = unpack(ARGV)
local first, outcome = holder(KEYS[2], now, window)
-- Of one that is lost nothing would ever come.
if first and first ~= id and outcome and outcome ~= 'filtered' then return first end
if first ~= id then redis.call('SET', KEYS[2], now .. ' ' .. id, 'PX', window) end
return id
`;

const decide = `
local _, outcome, bytes, terms = unpack(ARGV, 1, 4)

local known = redis.call('HMGET', record, 'outcome', 'said', 'unproved')
if not known[1] then return 'delivery' end
if known[1] == 'duplicate' or known[2] then return false end

redis.call('HSET', record, unpack(ARGV, 5))
redis.call('HINCRBY', totals, 'writes', 1)
redis.call('HINCRBY', totals, 'bytes', bytes)
count_bytes(known[3], bytes)
find_by(terms)
settle(outcome, known[1])
return false
`;

const attempt = `
local _, job, number, attempt, state, line, death, kept, terms = unpack(ARGV, 1, 9)

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
for i = 10, #ARGV, 2 do
  local name = job .. '\\t' .. ARGV[i] .. '\\t'
  if not has(grown, name) then grown = grown .. name .. ARGV[i + 1] .. '\\n' end
end
if grown ~= runs then
  redis.call('HSET', record, 'runs', grown)
  find_by(terms)
end

if moved then
  jobs = jobs:sub(1, at - 1) .. state .. jobs:sub(at + 1)
  redis.call('HSET', record, 'jobs', jobs)
end
redis.call('HINCRBY', totals, 'writes', 1)

local outcome = 'created'
if has(jobs, 'p') then outcome = 'pending'
elseif known[5] or has(jobs, 'd') then outcome = 'dead' end
settle(outcome, was)
return false
`;
