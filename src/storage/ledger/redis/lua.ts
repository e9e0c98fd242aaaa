/** What the Redis driver's scripts share: how they are defined, and their common Lua. */

import type { Redis } from "ioredis";

/** Runs a script; ioredis sends its digest, and its text again to a server that has forgotten it. */
export type Script<Answer = string | null> = (
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
) => Promise<Answer>;

export function define<Answer>(redis: Redis, name: string, lua: string): Script<Answer> {
  redis.defineCommand(name, { lua });
  const command = Reflect.get(redis, name) as (...args: unknown[]) => Promise<Answer>;
  return (keys, args) => command.call(redis, keys.length, ...keys, ...args);
}

/**
 * Every script has the record's key first of its KEYS, and the id first of its ARGV. The other keys are made of these
 * here: naming twenty keys with each write costs more than the write. They share the record's hash tag, so that on a
 * Cluster they lie where the script runs. Names of keys: keys.ts.
 *
 * `terms` are the ends of keys, each with a newline behind it.
 */
export const HEAD = `
local record, id = KEYS[1], ARGV[1]
local base = record:sub(1, #record - #id - #':delivery:')
local index, totals = base .. ':deliveries', base .. ':totals'

local function set_of(outcome) return base .. ':' .. outcome end

-- \`unproved\` is the listener of an unproved delivery, false of any other.
local function count_bytes(unproved, bytes)
  if unproved then redis.call('HINCRBY', base .. ':unproved', unproved, bytes) end
end

local function each_term(command, terms, ...)
  for term in terms:gmatch('[^\\n]+') do redis.call(command, base .. ':by:' .. term, ...) end
end
`;

/** Who holds a claim, and what became of that delivery: false where nothing is known of it. A filtered holder's is void. */
export const CLAIM = `
local function holder(claim, now, window)
  local held = redis.call('GET', claim)
  if not held then return nil end
  local since, first = held:match('^(%d+) (.*)$')
  if not first or tonumber(since) + tonumber(window) <= tonumber(now) then return nil end
  local outcome = redis.call('HGET', base .. ':delivery:' .. first, 'outcome')
  return first, outcome or redis.call('GET', base .. ':forgotten:' .. first)
end
`;

/** Moves a delivery to another outcome, or to terms that it did not have. */
export const SETTLE = `
local function settle(outcome, was)
  if outcome == was then return end
  redis.call('HSET', record, 'outcome', outcome)
  redis.call('ZREM', set_of(was), id)
  redis.call('ZADD', set_of(outcome), redis.call('ZSCORE', index, id) or 0, id)
  -- Its body was kept for a person; from now on it goes with those of its age.
  if was == 'dead' then redis.call('ZADD', base .. ':late', redis.call('ZSCORE', index, id) or 0, id) end
end

local function find_by(terms)
  if terms ~= '' then each_term('ZADD', terms, redis.call('ZSCORE', index, id) or 0, id) end
end
`;

/** Lists of lines in one field: each line begins behind a newline, and its columns are parted by tabs. */
export const LINES = `
local function has(list, line) return list:find('\\n' .. line, 1, true) end

local function without(list, start)
  local from = has(list, start)
  if not from then return list end
  local to = list:find('\\n', from + 1, true)
  return list:sub(1, from) .. list:sub(to + 1)
end

local function count(list, start)
  local found, from = 0, has(list, start)
  while from do
    found, from = found + 1, list:find('\\n' .. start, from + 1, true)
  end
  return found
end

-- How many tries a job had had when it was made pending again; 0 when it never was.
local function reopened_at(list, job)
  local from = list and has(list, job .. '\\t')
  if not from then return 0 end
  return tonumber(list:match('^[^\\t]*\\t[^\\t]*\\t(%d+)', from)) or 0
end
`;
