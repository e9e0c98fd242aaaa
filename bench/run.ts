/** `npm run bench`: accept and create rates, latency, CPU per event and memory, on each store, as JSON and a table. */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../test/helpers/folder.ts";
import {
  eventually,
  type GatewayProcess,
  startApiServerProcess,
  startGateway,
} from "../test/helpers/gateway.ts";
import { pullRequest, quantile, sendLoad } from "../test/helpers/load.ts";
import { cpuMs, peakRssMiB, ROOT } from "../test/helpers/process.ts";
import { startRedis } from "../test/helpers/redis.ts";
import { hundredths, OUT, writeReport } from "./report.ts";
import { yardstick } from "./yardstick.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", multiple: true, default: ["redis", "embedded"] },
    deliveries: { type: "string", default: "5000" },
    // V8 goes on compiling until then: before, its threads take up to a third of the CPU time of an event.
    warmup: { type: "string", default: "20000" },
    concurrency: { type: "string", default: "32" },
    out: OUT,
  },
});

const SECRET = "an example, not a secret";
const body = pullRequest();

interface Row {
  readonly store: string;
  readonly deliveries: number;
  readonly bytes: number;
  readonly acceptedPerSecond: number;
  readonly createdPerSecond: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  /** CPU of the gateway process, user and system, from the first request to the last object. */
  readonly cpuMsPerEvent: number;
  /** µs of CPU for a fixed piece of work on this machine, just before and after: the lesser. */
  readonly yardstickUs: number;
  /** The CPU of an event in yardsticks: comparable between machines, and between good and bad hours of one. */
  readonly yardsticksPerEvent: number;
  readonly peakRssMiB: number;
  readonly lost: number;
  readonly twice: number;
}

const rows: Row[] = [];
for (const store of values.store) rows.push(await measure(store));
report(rows);

async function measure(store: string): Promise<Row> {
  using folder = temporaryFolder("sluice-bench-");
  const api = await startApiServerProcess(folder.path);
  const redis = store === "redis" ? await startRedis({ appendfsync: "everysec" }) : undefined;
  const gateway = await startGateway([
    ...["--config", join(ROOT, "examples/quickstart")],
    ...["--store", redis?.url ?? `embedded:${join(folder.path, "store")}`],
    ...["--create", "kubernetes", "--kubeconfig", api.kubeconfig],
  ]);
  try {
    const warm = Number(values.warmup);
    const count = Number(values.deliveries);
    const concurrency = Number(values.concurrency);
    const load = (n: number) =>
      sendLoad({ url: `${gateway.url}/default/github`, secret: SECRET, body, count: n, concurrency });
    await load(warm);
    await drained(gateway);
    const ruler = yardstick(body);
    const [cpuBefore, from] = [cpuMs(gateway.pid), performance.now()];
    const result = await load(count);
    await eventually(
      () => api.count("PipelineRun"),
      (n) => n >= warm + count,
      300_000,
      20,
    );
    const took = performance.now() - from;
    const cpu = cpuMs(gateway.pid) - cpuBefore;
    const audit = await drained(gateway);
    const yardstickUs = Math.min(ruler, yardstick(body));
    const names = await api.names("PipelineRun");
    return {
      store,
      deliveries: count,
      bytes: Buffer.byteLength(body),
      acceptedPerSecond: Math.round((result.accepted.length / result.took) * 1000),
      createdPerSecond: Math.round((count / took) * 1000),
      ackP50Ms: hundredths(quantile(result.acks, 0.5)),
      ackP99Ms: hundredths(quantile(result.acks, 0.99)),
      cpuMsPerEvent: hundredths(cpu / count),
      yardstickUs: hundredths(yardstickUs),
      yardsticksPerEvent: hundredths((cpu / count) * (1_000 / yardstickUs)),
      peakRssMiB: peakRssMiB(gateway.pid),
      lost: audit.accepted - audit.created,
      twice: names.length - new Set(names).size + Math.max(0, names.length - audit.accepted),
    };
  } finally {
    await gateway.stop();
    await redis?.[Symbol.asyncDispose]();
    await api.stop();
  }
}

function drained(gateway: GatewayProcess) {
  return eventually(
    () => gateway.audit(),
    (audit) => audit.pending === 0,
    300_000,
    100,
  );
}

function report(measured: readonly Row[]): void {
  const { machine, text } = writeReport(values.out, "gateway", { rows: measured });
  console.log(`${machine.cpu}, ${machine.cores} cores shared by all processes, Node ${machine.node}`);
  console.table(Object.fromEntries(measured.map(({ store, ...rest }) => [store, rest])));
  console.log(text);
}
