/** `node bench/ledger.ts`: searching, counting, auditing and memory of a ledger that holds many deliveries, as JSON and a table. */

import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import type { DeliveryFilter, Ledger, NewDelivery } from "../src/core/ledger.ts";
import { createRedisLedger } from "../src/storage/ledger/redis/ledger.ts";
import { openStore } from "../src/storage/open.ts";
import { temporaryFolder } from "../test/helpers/folder.ts";
import { pullRequest, quantile } from "../test/helpers/load.ts";
import { startRedis } from "../test/helpers/redis.ts";
import { attemptOf, jobsIn, newDelivery } from "../test/storage/ledger/samples.ts";
import { hundredths, OUT, writeReport } from "./report.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", multiple: true, default: ["redis", "embedded"] },
    deliveries: { type: "string", default: "100000" },
    searches: { type: "string", default: "40" },
    out: OUT,
  },
});
const COUNT = Number(values.deliveries);
const SEARCHES = Number(values.searches);
const START = Date.UTC(2026, 0, 1);
/** Milliseconds between two deliveries. */
const PACE = 700;

interface Timing {
  readonly p50Ms: number;
  readonly p95Ms: number;
}
type Timings = Record<string, Timing>;

/** Facts of the delivery of that index: some values are frequent, some are seldom, some are unique. */
const repository = (i: number) => `acme/shop-${i % 3 === 0 ? 0 : i % 200}`;
const ref = (i: number) => `refs/heads/feature-${i % 1_000}`;
const event = (i: number) => `event.${i % 29}`;
const actor = (i: number) => `user-${i % 211}`;
const revision = (i: number) => (i * 2_654_435_761).toString(16).padStart(12, "0").padEnd(40, "c");
const provider = (i: number) => (i % 997 === 0 ? "gitea" : i % 5 === 0 ? "gitlab" : "github");
/** d dead, c created, p pending, f filtered. */
const fate = (i: number) => (i % 400 === 1 ? "d" : i % 5 === 2 ? "c" : i % 100 === 3 ? "p" : "f");

/** One filter of each kind that finds something, for the search of that index. */
const FILTERS: Record<string, (i: number) => DeliveryFilter> = {
  everything: () => ({}),
  outcome: (i) => ({ outcome: (["dead", "created", "pending", "filtered"] as const)[i % 4] as "dead" }),
  namespace: (i) => ({ namespace: i % 2 ? "ci" : "prod" }),
  listener: (i) => ({ listener: `listener-${i % 7}` }),
  provider: (i) => ({ provider: ["github", "gitlab", "gitea"][i % 3] as string }),
  event: (i) => ({ event: event(i) }),
  repository: (i) => ({ repository: repository(i) }),
  trigger: (i) => ({ trigger: `trigger-${i % 2}` }),
  ref: (i) => ({ ref: ref(i) }),
  "revision, whole": (i) => ({ revision: revision((i * 7_919) % COUNT) }),
  "revision, 7 signs": (i) => ({ revision: revision((i * 7_919) % COUNT).slice(0, 7) }),
  pullRequest: (i) => ({ pullRequest: 1 + (i % 900) }),
  actor: (i) => ({ actor: actor(i) }),
  providerId: (i) => ({ providerId: `guid-${(i * 7_919) % COUNT}` }),
  object: (i) => ({ object: `build-${5 * i + 2}` }),
  "replayOf, none": (i) => ({ replayOf: `delivery-${i}` }),
  "time window": (i) => ({
    since: START + (i * COUNT * PACE) / 100,
    until: START + ((i + 1) * COUNT * PACE) / 100,
  }),
  "repository and dead": () => ({ repository: repository(0), outcome: "dead" }),
  "repository, event, actor": (i) => ({
    repository: repository(3 * i),
    event: event(3 * i),
    actor: actor(3 * i),
  }),
  "two that never meet": () => ({ provider: "gitlab", repository: "acme/shop-1" }),
  "words, frequent": () => ({ text: "Shop Feature" }),
  "words, one page of a seldom one": () => ({ text: "feature-77" }),
  "words of dead ones": () => ({ text: "refused", outcome: "dead" }),
};

const rows: Record<string, Record<string, unknown>> = {};
for (const store of values.store) rows[store] = store === "redis" ? await onRedis() : await onEmbedded();
report();

async function onRedis(): Promise<Record<string, unknown>> {
  await using server = await startRedis({ appendfsync: "everysec" });
  const redis = new Redis(server.url);
  try {
    const bytesPerDelivery = await memoryOf(redis);
    const ledger = await createRedisLedger({ redis, prefix: "bench" });
    const from = performance.now();
    await fillAll(ledger);
    const fillSeconds = (performance.now() - from) / 1_000;
    return { fillSeconds: hundredths(fillSeconds), bytesPerDelivery, ...(await measure(ledger)) };
  } finally {
    redis.disconnect();
  }
}

/** Redis's own count of its memory, for deliveries as they come from GitHub: 21 KB, two triggers no, one PipelineRun. */
async function memoryOf(redis: Redis): Promise<number> {
  const ledger = await createRedisLedger({ redis, prefix: "memory" });
  const used = async () => Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
  const body = Buffer.from(pullRequest());
  const count = 2_000;
  const before = await used();
  for (let i = 0; i < count; i++) {
    const entry = { ...entryOf(i, "nnm", body), dedupeKey: `guid-${i}` };
    await ledger.accept(entry);
    for (const job of jobsIn(entry)) await ledger.attempt(job, attemptOf(job, 1, "done"));
  }
  const bytes = Math.round(((await used()) - before) / count);
  await redis.flushdb();
  return bytes;
}

async function fillAll(ledger: Ledger): Promise<void> {
  for (let i = 0; i < COUNT; i += 500)
    await Promise.all(Array.from({ length: Math.min(500, COUNT - i) }, (_, j) => fill(ledger, i + j)));
}

async function fill(ledger: Ledger, i: number): Promise<void> {
  const entry = entryOf(i, fate(i) === "f" ? "n" : "m", Buffer.from("{}"));
  await ledger.accept(entry);
  if (fate(i) === "f" || fate(i) === "p") return;
  for (const job of jobsIn(entry)) {
    const attempt = attemptOf(job, 1, fate(i) === "d" ? "dead" : "done");
    const runs = attempt.runs.map((run) => ({ ...run, name: `build-${i}` }));
    const reason = `PipelineRun ci/build-${i} was refused: denied the request`;
    await ledger.attempt(job, { ...attempt, runs, ...(fate(i) === "d" && { reason }) });
  }
}

function entryOf(i: number, decided: string, body: Buffer): NewDelivery {
  return newDelivery({
    ...{ receivedAt: START + i * PACE, decided, body },
    listener: { namespace: i % 2 ? "ci" : "prod", name: `listener-${i % 7}` },
    facts: {
      ...{
        provider: provider(i),
        event: event(i),
        repository: repository(i),
        ref: ref(i),
        revision: revision(i),
      },
      ...{ pullRequest: 1 + (i % 900), actor: actor(i), providerId: `guid-${i}` },
    },
  });
}

async function onEmbedded(): Promise<Record<string, unknown>> {
  using folder = temporaryFolder("sluice-bench-");
  const { ledger, close } = await openStore(`embedded:${folder.path}`);
  try {
    const from = performance.now();
    await fillAll(ledger);
    const fillSeconds = (performance.now() - from) / 1_000;
    return { fillSeconds: hundredths(fillSeconds), ...(await measure(ledger)) };
  } finally {
    await close();
  }
}

async function measure(ledger: Ledger): Promise<Record<string, unknown>> {
  const lists: Timings = {};
  for (const [name, filter] of Object.entries(FILTERS))
    lists[name] = await time((i) => ledger.list(filter(i), { limit: 50 }));
  let cursor: string | undefined;
  lists["page after page"] = await time(async () => {
    cursor = (await ledger.list({}, { limit: 50, ...(cursor !== undefined && { cursor }) })).next;
  });
  const counts: Timings = {};
  for (const name of ["everything", "outcome", "repository", "repository and dead"])
    counts[name] = await time((i) => ledger.count((FILTERS[name] as (typeof FILTERS)[string])(i)), 5);
  const others = {
    deadGroups: await time(() => ledger.deadGroups(), 5),
    "pending work": await time(() => ledger.pending(START + COUNT * PACE, { limit: 500 }), 5),
  };
  const from = performance.now();
  const { accepted, violations } = await ledger.audit();
  const auditMs = Math.round(performance.now() - from);
  if (accepted !== COUNT || violations.length > 0)
    throw new Error(`the audit found ${accepted} deliveries, and: ${violations.join("; ")}`);
  return { auditMs, lists, counts, others };
}

async function time(call: (i: number) => Promise<unknown>, times = SEARCHES): Promise<Timing> {
  await call(0);
  const took: number[] = [];
  for (let i = 0; i < times; i++) {
    const from = performance.now();
    await call(i);
    took.push(performance.now() - from);
  }
  took.sort((a, b) => a - b);
  return { p50Ms: hundredths(quantile(took, 0.5)), p95Ms: hundredths(quantile(took, 0.95)) };
}

function report(): void {
  writeReport(values.out, "ledger", { deliveries: COUNT, stores: rows });
  for (const [store, { lists, counts, others, ...rest }] of Object.entries(rows)) {
    console.log(`${COUNT} deliveries on ${store}: ${JSON.stringify(rest)}`);
    console.table(lists);
    console.table({ ...(counts as Timings), ...(others as Timings) });
  }
}
