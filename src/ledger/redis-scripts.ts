/** The Redis driver's writes: each is one Lua script, so that it happens whole or not at all, in one round trip. */

import type { Redis } from "ioredis";

/** Runs a script; ioredis sends its digest, and its text again to a server that has forgotten it. */
export type Script = (
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
) => Promise<string | null>;

export interface Scripts {
  /**
   * KEYS record, index, pending, totals and, for a delivery with a dedupe key, claim.
   * ARGV id, receivedAt, now, window, forgotten, facts, head, body, outcome, said, jobs, failed, decisions.
   *
   * @returns null when accepted, else the id of the delivery that came first.
   */
  readonly accept: Script;
  /** KEYS record, pending, totals. ARGV id, outcome, said, jobs, failed, decisions. @returns a {@link Refusal}. */
  readonly decide: Script;
  /**
   * KEYS record, pending, totals. ARGV id, job, number, attempt, state, line, attempts kept, then name and JSON of each
   * run. @returns a {@link Refusal}.
   */
  readonly attempt: Script;
}

/** What was unknown; null when nothing was. */
export type Refusal = "delivery" | "job" | null;

export function defineScripts(redis: Redis): Scripts {
  return {
    accept: define(redis, "sluiceAccept", settle + accept),
    decide: define(redis, "sluiceDecide", settle + decide),
    attempt: define(redis, "sluiceAttempt", settle + lines + attempt),
  };
}

function define(redis: Redis, name: string, lua: string): Script {
  redis.defineCommand(name, { lua });
  const command = Reflect.get(redis, name) as (...args: unknown[]) => Promise<string | null>;
  return (keys, args) => command.call(redis, keys.length, ...keys, ...args);
}

/*
 * A record is a hash. `jobs` holds a line for each job, its state (p, d or c: pending, dead, created) before its id;
 * `attempts` and `runs` hold lines of job, number or name, and JSON, with tabs between. Every list starts and ends with
 * a newline, so that a line is found by plain search.
 */

/** Moves a delivery to another outcome: in its record, in the totals and in the index of the pending ones. */
const settle = `
local function settle(record, pending, totals, id, outcome, was)
  if outcome == was then return end
  redis.call('HSET', record, 'outcome', outcome)
  redis.call('HINCRBY', totals, was, -1)
  redis.call('HINCRBY', totals, outcome, 1)
  redis.call('ZREM', pending, id)
end
`;

const accept = `
local record, index, pending, totals, claim = unpack(KEYS)
local id, received_at, now, window, forgotten, facts, head, body, outcome, said, jobs, failed, decisions = unpack(ARGV)

local known = redis.call('HMGET', record, 'outcome', 'first')
if known[1] then
  -- Sent twice by the client, which lost the answer: the answer is given again.
  if known[1] ~= 'duplicate' then return false end
  if known[2] ~= forgotten then return known[2] end
  redis.call('DEL', record)
  redis.call('HINCRBY', totals, 'duplicate', -1)
end

redis.call('ZADD', index, received_at, id)
redis.call('HINCRBY', totals, 'writes', 1)

if claim then
  local held = redis.call('GET', claim)
  local at, first
  if held then at, first = held:match('^(%d+) (.*)$') end
  if first and first ~= id and first ~= forgotten and tonumber(at) + tonumber(window) > tonumber(now) then
    redis.call('HSET', record, 'facts', facts, 'head', head, 'outcome', 'duplicate', 'first', first)
    redis.call('HINCRBY', totals, 'duplicate', 1)
    return first
  end
  redis.call('SET', claim, now .. ' ' .. id, 'PX', window)
end

redis.call('HSET', record, 'facts', facts, 'head', head, 'body', body, 'outcome', outcome)
if said ~= '' then redis.call('HSET', record, 'said', said, 'decisions', decisions) end
if jobs ~= '' then redis.call('HSET', record, 'jobs', jobs) end
if failed ~= '0' then redis.call('HSET', record, 'failed', failed) end
if outcome == 'pending' then redis.call('ZADD', pending, received_at, id) end
redis.call('HINCRBY', totals, outcome, 1)
return false
`;

const decide = `
local record, pending, totals = unpack(KEYS)
local id, outcome, said, jobs, failed, decisions = unpack(ARGV)

local known = redis.call('HMGET', record, 'outcome', 'said')
if not known[1] then return 'delivery' end
if known[1] == 'duplicate' or known[2] then return false end

redis.call('HSET', record, 'said', said, 'decisions', decisions)
if jobs ~= '' then redis.call('HSET', record, 'jobs', jobs) end
if failed ~= '0' then redis.call('HSET', record, 'failed', failed) end
redis.call('HINCRBY', totals, 'writes', 1)
settle(record, pending, totals, id, outcome, known[1])
return false
`;

const lines = `
local function has(list, line) return list:find('\\n' .. line, 1, true) end

local function without(list, start)
  local from = has(list, start)
  if not from then return list end
  local to = list:find('\\n', from + 1, true)
  return list:sub(1, from) .. list:sub(to + 1)
end

local function count(list, start)
  local found, from = 0, list:find('\\n' .. start, 1, true)
  while from do
    found, from = found + 1, list:find('\\n' .. start, from + 1, true)
  end
  return found
end
`;

const attempt = `
local record, pending, totals = unpack(KEYS)
local id, job, number, attempt, state, line, kept = unpack(ARGV)

local known = redis.call('HMGET', record, 'outcome', 'jobs', 'attempts', 'runs', 'failed')
local was, jobs, attempts, runs, failed = known[1], known[2] or '', known[3] or '\\n', known[4] or '\\n', known[5]
if not was then return 'delivery' end

-- States only rise: pending, dead, created. So it does not matter in which order, or how often, tries are recorded.
local rank = { p = 1, d = 2, c = 3 }
local at, before
for each in pairs(rank) do
  local found = has(jobs, each .. job .. '\\n')
  if found then at, before = found + 1, each end
end
if not at then return 'job' end
local moved = rank[state] > rank[before]

local start = job .. '\\t' .. number .. '\\t'
if moved or not has(attempts, start) then
  attempts = without(attempts, start) .. start .. attempt .. '\\n'
  if count(attempts, job .. '\\t') > tonumber(kept) then attempts = without(attempts, job .. '\\t') end
  redis.call('HSET', record, 'attempts', attempts)
  if line ~= '' and rank[state] >= rank[before] and (state == 'd' or not has(jobs, 'd')) then
    redis.call('HSET', record, 'tried', line)
  end
end

local grown = runs
for i = 8, #ARGV, 2 do
  local name = job .. '\\t' .. ARGV[i] .. '\\t'
  if not has(grown, name) then grown = grown .. name .. ARGV[i + 1] .. '\\n' end
end
if grown ~= runs then redis.call('HSET', record, 'runs', grown) end

if moved then
  jobs = jobs:sub(1, at - 1) .. state .. jobs:sub(at + 1)
  redis.call('HSET', record, 'jobs', jobs)
end
redis.call('HINCRBY', totals, 'writes', 1)

local outcome = 'created'
if has(jobs, 'p') then outcome = 'pending'
elseif failed or has(jobs, 'd') then outcome = 'dead' end
settle(record, pending, totals, id, outcome, was)
return false
`;
