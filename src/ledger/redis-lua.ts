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

/** The first eight KEYS of every script, as Keys.touched gives them. */
export const HEAD = `
local record, index, totals = KEYS[1], KEYS[2], KEYS[3]
local sets = { created = KEYS[4], filtered = KEYS[5], duplicate = KEYS[6], dead = KEYS[7], pending = KEYS[8] }
`;

/** Moves a delivery to another outcome, or to terms that it did not have. */
export const SETTLE = `
local function settle(id, outcome, was)
  if outcome == was then return end
  redis.call('HSET', record, 'outcome', outcome)
  redis.call('HINCRBY', totals, was, -1)
  redis.call('HINCRBY', totals, outcome, 1)
  redis.call('ZREM', sets[was], id)
  redis.call('ZADD', sets[outcome], redis.call('ZSCORE', index, id) or 0, id)
end

local function find_by(id, from)
  if #KEYS < from then return end
  local at = redis.call('ZSCORE', index, id) or 0
  for i = from, #KEYS do redis.call('ZADD', KEYS[i], at, id) end
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
