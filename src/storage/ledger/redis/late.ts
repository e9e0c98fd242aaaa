/** Decisions that were made late, in the Redis ledger. */

import type { LateDecision } from "../../../core/decision.ts";
import { fault } from "../../../core/errors.ts";
import { failureOf } from "../cause.ts";
import { decodeDecisions, encodeDecisions } from "../codec.ts";
import { lateChange } from "../late.ts";
import { failedOf, lineOf, triggersOf } from "../record.ts";
import type { Script } from "./lua.ts";
import type { RedisAccess } from "./search.ts";
import { packed, triggerTerm } from "./terms.ts";

/** What was unknown; `moved` when others have decided since; null when it is done. */
export type LateRefusal = "delivery" | "moved" | null;

/**
 * KEYS record. ARGV id, the decisions as they were read, the decisions as they are to be, said, how many failed, failure,
 * terms of the triggers, the id of the job that decides where it is done, ids of new jobs.
 */
export const LATE = `
local _, before, decisions, said, failed, failure, terms, settled = unpack(ARGV, 1, 8)

local known = redis.call('HMGET', record, 'outcome', 'decisions', 'jobs', 'unproved')
local was, jobs = known[1], known[3] or '\\n'
if not was then return 'delivery' end
if known[2] ~= before then return 'moved' end

if settled ~= '' then jobs = without(jobs, 'p' .. settled .. '\\n') end
for i = 9, #ARGV do jobs = jobs .. 'p' .. ARGV[i] .. '\\n' end
redis.call('HSET', record, 'decisions', decisions, 'said', said, 'jobs', jobs)
if failed ~= '0' then redis.call('HSET', record, 'failed', failed, 'failure', failure) end
redis.call('HINCRBY', totals, 'writes', 1)
redis.call('HINCRBY', totals, 'bytes', #decisions - #before)
count_bytes(known[4], #decisions - #before)
find_by(terms)

local outcome = 'filtered'
if has(jobs, 'p') then outcome = 'pending'
elseif failed ~= '0' or has(jobs, 'd') then outcome = 'dead'
elseif has(jobs, 'c') then outcome = 'created' end
settle(outcome, was)
return false
`;

/** @throws SluiceError SLUICE_DELIVERY_UNKNOWN. */
export async function decideLateRedis(
  { redis, keys, ask }: RedisAccess,
  script: Script<LateRefusal>,
  id: string,
  late: readonly LateDecision[],
): Promise<void> {
  const record = keys.record(id);
  for (;;) {
    const [outcome, before] = await ask(redis.hmgetBuffer(record, "outcome", "decisions"));
    if (!outcome) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
    const change = before ? lateChange(id, decodeDecisions(before), late) : undefined;
    if (!before || change === undefined) return;
    const { decisions, added, settled } = change;
    const said = [lineOf(decisions), failedOf(decisions), failureOf(decisions)];
    const terms = packed(triggersOf(decisions).map(triggerTerm));
    const args = [id, before, encodeDecisions(decisions), ...said, terms, settled, ...added];
    const refusal = await ask(script([record], args));
    if (refusal === "delivery") throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
    if (refusal === null) return;
  }
}
