/** `node bench/soak.ts --minutes 10 --rate <per s>`: does memory grow under steady load? Exit code 1 above 1 MiB/min. */

import { parseArgs } from "node:util";
import { temporaryFolder } from "../test/helpers/folder.ts";
import { startApiServerProcess, startGateway } from "../test/helpers/gateway.ts";
import { type LoadOptions, pullRequest, quantile, sendLoad } from "../test/helpers/load.ts";
import { ROOT, rssMiB } from "../test/helpers/process.ts";
import { startRedis } from "../test/helpers/redis.ts";
import { hundredths } from "./report.ts";
import type { Line, Sample } from "./slope.ts";
import { floors, slope } from "./slope.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    /** Deliveries a second; half of a peak measured before, unless given. */
    rate: { type: "string" },
    /** MiB a minute that are too much. */
    limit: { type: "string", default: "1" },
    store: { type: "string", default: "redis" },
    /** Prints each sample of /proc and /metrics. */
    expose: { type: "boolean", default: false },
  },
});

const SAMPLE_MS = 5_000;
/** Left out: caches fill, code is compiled, and V8 lets the heap grow until it has found its size. Minutes; at most half. */
const WARM_UP = 2.5;
/** Deliveries of the measurement of the peak; those before them warm up. */
const PEAK = 3_000;
const MEBI = 1_048_576;

await using opened = new AsyncDisposableStack();
const folder = opened.use(temporaryFolder("sluice-soak-"));
const api = opened.adopt(await startApiServerProcess(folder.path), (process) => process.kill());
const store =
  values.store === "redis"
    ? opened.use(await startRedis({ appendfsync: "everysec" })).url
    : `embedded:${folder.path}/store`;
const gateway = opened.adopt(
  await startGateway([
    ...["--config", `${ROOT}/examples/quickstart`, "--store", store],
    ...["--create", "kubernetes", "--kubeconfig", api.kubeconfig],
  ]),
  (process) => process.kill(),
);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void opened.disposeAsync().then(() => process.exit(130)));
}

const load = (options: Pick<LoadOptions, "count" | "rate" | "stopped">) =>
  sendLoad({
    url: `${gateway.url}/default/github`,
    ...{ secret: "an example, not a secret", body: pullRequest(), concurrency: 32 },
    ...options,
  });

const rate = values.rate === undefined ? Math.floor((await peak()) / 2) : Number(values.rate);
const minutes = Number(values.minutes);
console.log(`${rate} deliveries/s for ${minutes} min on ${values.store}`);
const { samples, accepted, ackP99Ms } = await soak();
const exceeded = report(samples);
console.log(`${accepted} accepted, p99 of the answers ${ackP99Ms} ms`);
process.exitCode = exceeded ? 1 : 0;

/** Deliveries a second that are accepted when nothing holds them back. */
async function peak(): Promise<number> {
  await load({ count: PEAK });
  const { accepted, took } = await load({ count: PEAK });
  return (accepted.length / took) * 1_000;
}

async function soak() {
  const samples: Sample[] = [];
  const from = performance.now();
  // A sample that could not be had is left out; that the gateway is gone shows in its answers.
  const timer = setInterval(() => void sample(from, samples).catch(() => {}), SAMPLE_MS);
  // What the API server keeps is its own; it is not to fill the machine.
  const sweeper = setInterval(() => void api.clear().catch(() => {}), 60_000);
  const done = await load({ count: Math.ceil(rate * minutes * 60), rate });
  clearInterval(timer);
  clearInterval(sweeper);
  return { samples, accepted: done.accepted.length, ackP99Ms: Math.round(quantile(done.acks, 0.99)) };
}

async function sample(from: number, samples: Sample[]): Promise<void> {
  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text();
  const heap = /^nodejs_heap_size_used_bytes (\S+)$/m.exec(metrics)?.[1];
  const one = {
    minute: (performance.now() - from) / 60_000,
    rss: rssMiB(gateway.pid),
    heap: Number(heap) / MEBI,
  };
  samples.push(one);
  if (values.expose) {
    console.log(`${one.minute.toFixed(2)} min: RSS ${one.rss.toFixed(1)}, heap ${one.heap.toFixed(1)} MiB`);
  }
}

/** @returns whether memory grew faster than the limit. */
function report(samples: readonly Sample[]): boolean {
  const warm = samples.filter(({ minute }) => minute >= Math.min(WARM_UP, minutes / 2));
  const lines: Record<string, Line> = {
    RSS: slope(warm.map(({ minute, rss }) => [minute, rss])),
    "heap used": slope(warm.map(({ minute, heap }) => [minute, heap])),
    // Between two collections the heap only grows: its lowest points tell what is kept.
    "heap floor": slope(floors(warm.map(({ minute, heap }) => [minute, heap]))),
  };
  const table = Object.entries(lines).map(([what, { perMinute, error, first, last }]) => ({
    ...{ what, "MiB/min": hundredths(perMinute), "± MiB/min": hundredths(error) },
    ...{ "from MiB": hundredths(first), "to MiB": hundredths(last) },
  }));
  console.table(table);
  const limit = Number(values.limit);
  // Not "above": of too few samples there is no slope, and that is no proof either.
  const grown = (["RSS", "heap floor"] as const).filter((what) => !((lines[what]?.perMinute ?? 0) <= limit));
  for (const what of grown)
    console.log(`${what} grows by more than ${limit} MiB/min, or the run was too short`);
  return grown.length > 0;
}
