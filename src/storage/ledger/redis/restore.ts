/** Putting deliveries and claims of a backup back into the Redis ledger; each is one Lua script. */

import type { BackupClaim, BackupDelivery, BackupRecord, Restored } from "../../../core/backup.ts";
import type { RunProgress } from "../../../core/progress.ts";
import { bytesOf, derivedOutcome, restoreEach } from "../backup.ts";
import { decodeDecisions } from "../codec.ts";
import { DEDUPE_WINDOW_MS } from "../limits.ts";
import { triggersOf } from "../record.ts";
import { define, HEAD, type Script } from "./lua.ts";
import type { RedisAccess } from "./search.ts";
import { objectTerm, packed, termsOf, triggerTerm } from "./terms.ts";

/**
 * KEYS record. ARGV id, receivedAt, outcome, terms, bytes, whether it has a body, listener where it is unproved, how many
 * runs are open, then when each of these started and its name, then names and values of fields. Returns 0 when the
 * delivery is there already.
 */
const RESTORE = `
local _, received_at, outcome, terms, bytes, has_body, unproved, open = unpack(ARGV, 1, 8)
if redis.call('EXISTS', record) == 1 then return 0 end
local fields = 9 + 2 * tonumber(open)
redis.call('HSET', record, 'outcome', outcome, unpack(ARGV, fields))
redis.call('ZADD', index, received_at, id)
redis.call('ZADD', set_of(outcome), received_at, id)
each_term('ZADD', terms, received_at, id)
for i = 9, fields - 1, 2 do redis.call('ZADD', base .. ':running', ARGV[i], id .. '\\t' .. ARGV[i + 1]) end
redis.call('HINCRBY', totals, 'writes', 1)
redis.call('HINCRBY', totals, 'bytes', bytes)
if unproved ~= '' then
  redis.call('HSET', record, 'unproved', unproved)
  count_bytes(unproved, bytes)
end
-- Bodies are forgotten from here onwards: this one must not lie behind.
local stripped = redis.call('HGET', totals, 'stripped')
if has_body == '1' and stripped and tonumber(stripped) > tonumber(received_at) then
  redis.call('HSET', totals, 'stripped', received_at)
end
return 1
`;

/**
 * KEYS record, claim. ARGV id, at, window, outcome where the delivery is forgotten. Returns -1 for a claim that no longer
 * counts, or of a delivery that is not there; 0 when the key is held already.
 */
const CLAIMED = `
local _, at, window, outcome = unpack(ARGV)
local time = redis.call('TIME')
local left = math.ceil(tonumber(at) + tonumber(window) - (tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000))
if left <= 0 then return -1 end
if redis.call('EXISTS', record) == 0 then
  if outcome == '' then return -1 end
  redis.call('SET', base .. ':forgotten:' .. id, outcome, 'PX', left)
end
if redis.call('SET', KEYS[2], at .. ' ' .. id, 'PX', left, 'NX') then return 1 end
return 0
`;

const RESULTS = new Map<number, keyof Restored>([
  [1, "added"],
  [0, "known"],
]);

export function restoreRedis({ redis, keys, ask }: RedisAccess) {
  const restore: Script<number> = define(redis, "sluiceRestore", HEAD + RESTORE);
  const claimed: Script<number> = define(redis, "sluiceRestoreClaim", HEAD + CLAIMED);

  async function put(item: BackupRecord): Promise<keyof Restored> {
    const result =
      item.type === "delivery"
        ? restore([keys.record(item.facts.id)], argsOf(item))
        : claimed([keys.record(item.delivery), `${keys.claims}${item.key}`], claimArgs(item));
    return RESULTS.get(await ask(result)) ?? "void";
  }
  return (items: readonly BackupRecord[]): Promise<Restored> => restoreEach(items, put);
}

const claimArgs = ({ delivery, at, outcome }: BackupClaim) => [delivery, at, DEDUPE_WINDOW_MS, outcome ?? ""];

function argsOf(item: BackupDelivery): readonly (string | number | Buffer)[] {
  const { facts, duplicateOf, said, tried, failed, failure, death, dropped, runs } = item;
  const { id, listener, receivedAt, proof } = facts;
  const outcome = derivedOutcome(item);
  const [text, head] = [JSON.stringify(facts), bytesOf(item.head)];
  const [body, decisions] = [item.body, item.decisions].map((one) =>
    one === undefined ? undefined : bytesOf(one),
  );
  const counts = duplicateOf === undefined;
  const lengths = [Buffer.byteLength(text), head.length, body?.length ?? 0, decisions?.length ?? 0];
  const bytes = counts ? lengths.reduce((sum, length) => sum + length, 0) : 0;
  const fields: (string | number | Buffer)[] = ["facts", text, "head", head];
  const given = { ...{ first: duplicateOf, said, tried, failure, death, dropped }, ...linesOf(item) };
  for (const [name, value] of Object.entries(given)) if (value) fields.push(name, value);
  if (failed > 0) fields.push("failed", failed);
  if (body !== undefined) fields.push("body", body);
  if (decisions !== undefined) fields.push("decisions", decisions);
  const terms = termsOf(facts);
  if (decisions !== undefined) terms.push(...triggersOf(decodeDecisions(decisions)).map(triggerTerm));
  terms.push(...runs.map((run) => objectTerm(JSON.parse(run.text) as { readonly name: string })));
  const open = runs.filter(({ phase }) => phase === "running");
  const started = open.flatMap(({ name, progress = "{}" }) => {
    const { startedAt, createdAt } = JSON.parse(progress) as RunProgress;
    return [startedAt ?? createdAt, name];
  });
  const unproved = proof === "none" && counts ? `${listener.namespace}/${listener.name}` : "";
  const kept = [packed(terms), bytes, body === undefined ? 0 : 1, unproved, open.length];
  return [id, receivedAt, outcome, ...kept, ...started, ...fields];
}

/** Lists as records hold them: lines with tabs between their columns, see scripts.ts. */
function linesOf({ jobs, attempts, runs, reopened }: BackupDelivery) {
  const followed = runs.flatMap(({ name, phase, progress }) =>
    phase === undefined || progress === undefined ? [] : [[name, phase, progress]],
  );
  return {
    jobs: list(jobs.map(({ id, state }) => [`${state[0]}${id}`])),
    attempts: list(attempts.map(({ job, number, text }) => [job, number, text])),
    runs: list(runs.map(({ job, name, text }) => [job, name, text])),
    progress: list(followed),
    reopened: list(reopened.map((one) => [one.job, one.at, one.attempts])),
  };
}

const list = (lines: readonly (readonly (string | number)[])[]): string =>
  lines.length === 0 ? "" : `\n${lines.map((line) => `${line.join("\t")}\n`).join("")}`;
