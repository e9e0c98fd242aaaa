/** The Redis driver's writes on behalf of people and of retention; each is one Lua script. */

import type { Redis } from "ioredis";
import { PRUNED } from "../totals.ts";
import { define, HEAD, LINES, type Script, SETTLE } from "./lua.ts";

/** KEYS record; ARGV begin with the id. */
export interface OperatorScripts {
  /** ARGV … at, the jobs that may be reopened (empty: all). @returns the jobs that are pending since then; null when the delivery is unknown. */
  readonly reopen: Script<readonly string[] | null>;
  /** ARGV … dropped, act. @returns null when done, else the outcome, or empty when unknown. */
  readonly drop: Script;
  /**
   * ARGV … outcome, length of `runs`, milliseconds for which its dedupe key still counts, all terms.
   *
   * @returns 0 when the record has moved on meanwhile.
   */
  readonly forget: Script<number>;
  /**
   * ARGV … `any` for a dead one too. Forgets the body. @returns 0 when there is none, or it is still needed: by a pending one, whose id the late ones have
   * then, or by a dead one that waits for a person, whose id they get when it no longer does.
   */
  readonly strip: Script<number>;
  /**
   * KEYS totals. ARGV now. Keeps the time that retention goes by: this server's, where that is behind.
   *
   * @returns that time.
   */
  readonly look: Script<number>;
  /** ARGV … first term, the other terms: gives a record from before the indexes its places in them. */
  readonly adopt: Script<number>;
}

export function defineOperatorScripts(redis: Redis): OperatorScripts {
  return {
    reopen: define(redis, "sluiceReopen", HEAD + SETTLE + LINES + reopen),
    drop: define(redis, "sluiceDrop", HEAD + drop),
    forget: define(redis, "sluiceForget", HEAD + forget),
    strip: define(redis, "sluiceStrip", HEAD + strip),
    look: define(redis, "sluiceLook", look),
    adopt: define(redis, "sluiceAdopt", HEAD + adopt),
  };
}

const reopen = `
local _, at, only = unpack(ARGV)
local known = redis.call('HMGET', record, 'outcome', 'jobs', 'attempts', 'reopened')
local was, jobs, attempts, reopened = known[1], known[2] or '', known[3] or '\\n', known[4] or '\\n'
if not was then return false end

local function most(job)
  local found, from = 0, has(attempts, job .. '\\t')
  while from do
    local number = attempts:match('^[^\\t]*\\t(%d+)', from)
    found = math.max(found, tonumber(number) or 0)
    from = attempts:find('\\n' .. job .. '\\t', from + 1, true)
  end
  return found
end

local again, moved, states = {}, false, '\\n'
for state, job in jobs:gmatch('\\n(%l)([^\\n]+)') do
  local may = only == '' or has('\\n' .. only, job .. '\\n')
  if state == 'd' and may then
    local start = job .. '\\t'
    reopened = without(reopened, start) .. start .. at .. '\\t' .. string.format('%d', most(job)) .. '\\n'
    again[#again + 1], moved, state = job, true, 'p'
  elseif state == 'p' and may and has(reopened, job .. '\\t' .. at .. '\\t') then
    -- Asked twice by a client that lost the answer.
    again[#again + 1] = job
  end
  states = states .. state .. job .. '\\n'
end
if not moved then return again end

redis.call('HSET', record, 'jobs', states, 'reopened', reopened)
redis.call('HDEL', record, 'dropped')
redis.call('HINCRBY', totals, 'writes', 1)
settle('pending', was)
return again
`;

const drop = `
local _, dropped, act = unpack(ARGV)
local known = redis.call('HMGET', record, 'outcome', 'dropped')
if known[1] ~= 'dead' then return known[1] or '' end
if known[2] then return false end
redis.call('HSET', record, 'dropped', dropped)
redis.call('ZADD', base .. ':late', redis.call('ZSCORE', index, id) or 0, id)
redis.call('XADD', base .. ':acts', '*', 'act', act)
return false
`;

const forget = `
local _, outcome, runs, claimed, terms = unpack(ARGV)
local was = redis.call('HGET', record, 'outcome')
if was ~= outcome or was == 'pending' or redis.call('HSTRLEN', record, 'runs') ~= tonumber(runs) then return 0 end

local bytes = 0
for _, field in ipairs({ 'facts', 'head', 'body', 'decisions' }) do
  if was ~= 'duplicate' then bytes = bytes + redis.call('HSTRLEN', record, field) end
end
count_bytes(redis.call('HGET', record, 'unproved'), 0 - bytes)
-- The runs of it that nobody saw end.
for name in (redis.call('HGET', record, 'progress') or ''):gmatch('\\n([^\\t\\n]+)\\trunning\\t') do
  redis.call('ZREM', base .. ':running', id .. '\\t' .. name)
end
-- What came before this moment may be missing by right (storage/ledger/missing.ts).
local at, pruned = redis.call('ZSCORE', index, id), redis.call('HGET', totals, '${PRUNED}')
if at and tonumber(at) > tonumber(pruned or 0) then redis.call('HSET', totals, '${PRUNED}', at) end
redis.call('DEL', record)
redis.call('ZREM', index, id)
redis.call('ZREM', set_of(was), id)
redis.call('ZREM', base .. ':late', id)
each_term('ZREM', terms, id)
redis.call('HINCRBY', totals, 'bytes', 0 - bytes)
redis.call('HINCRBY', totals, 'forgotten', 1)
redis.call('HINCRBY', totals, 'writes', 1)
if was ~= 'duplicate' and tonumber(claimed) > 0 then
  redis.call('SET', base .. ':forgotten:' .. id, was, 'PX', claimed)
end
return 1
`;

const look = `
local time = redis.call('TIME')
local now = math.min(tonumber(ARGV[1]), time[1] * 1000 + math.floor(time[2] / 1000))
-- A full memory takes no writes, and what is forgotten makes room.
redis.pcall('HSET', KEYS[1], 'looked', string.format('%d', now))
return now
`;

const strip = `
local late = base .. ':late'
local outcome = redis.call('HGET', record, 'outcome')
local length = redis.call('HSTRLEN', record, 'body')
if outcome == 'pending' and length > 0 then
  redis.call('ZADD', late, redis.call('ZSCORE', index, id) or 0, id)
  return 0
end
redis.call('ZREM', late, id)
if length == 0 then return 0 end
local kept = outcome == 'dead' and redis.call('HEXISTS', record, 'dropped') == 0
if kept and ARGV[2] ~= 'any' then return 0 end
redis.call('HINCRBY', totals, 'bytes', 0 - length)
count_bytes(redis.call('HGET', record, 'unproved'), 0 - length)
redis.call('HDEL', record, 'body')
return 1
`;

const adopt = `
local _, first, others = unpack(ARGV)
local outcome = redis.call('HGET', record, 'outcome')
local at = redis.call('ZSCORE', index, id)
if not outcome or not at then return 0 end
-- Every delivery has the first term; one that stands there was written, or adopted, by this version.
if redis.call('ZADD', base .. ':by:' .. first, at, id) == 0 then return 0 end
each_term('ZADD', others, at, id)
redis.call('ZADD', set_of(outcome), at, id)
if outcome ~= 'duplicate' then
  for _, field in ipairs({ 'facts', 'head', 'body', 'decisions' }) do
    redis.call('HINCRBY', totals, 'bytes', redis.call('HSTRLEN', record, field))
  end
end
return 1
`;
