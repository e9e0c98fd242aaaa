/** Gauges that are asked for when somebody scrapes: the queue, the dead letters, the checks of readiness. */

import type { Registry } from "prom-client";
import { Gauge } from "prom-client";
import type { CreateJob } from "../core/job.ts";
import type { QueueDepth } from "../core/queue.ts";
import { remembered } from "./asked.ts";
import type { Bounds } from "./labels.ts";
import { labelled, MAKER, makerOf } from "./labels.ts";

/** Where gauges get their numbers; what is left out has no samples, and no more has what does not answer. */
export interface Asked {
  readonly depth?: () => Promise<QueueDepth>;
  readonly paused?: () => Promise<boolean>;
  /** Dead letters that were not dropped. */
  readonly dead?: () => Promise<number>;
  /** Runs in progress; undefined where somebody else follows them. */
  readonly inProgress?: () => readonly RunsInProgress[];
  /** Deliveries that wait for a store that is away for a moment; undefined where none ever does. */
  readonly held?: () => number | undefined;
  readonly checks?: () => Promise<readonly { readonly name: string; readonly ok: boolean }[]>;
}

export interface RunsInProgress {
  readonly job: Pick<CreateJob, "listener" | "trigger">;
  readonly count: number;
}

/** Milliseconds for which an answer is good enough; counting dead letters is the dearest. */
const FRESH_MS = { depth: 1_000, paused: 1_000, dead: 10_000, checks: 5_000 } as const;

/** Registers the gauges of what can be asked. */
export function gaugeAsked(
  register: Registry,
  { depth, paused, dead, inProgress, held, checks }: Asked,
  bounds: Bounds,
): void {
  const registers = [register];
  if (depth !== undefined) gaugeDepth(registers, remembered(depth, FRESH_MS.depth));
  if (paused !== undefined) {
    const help = "1 while a person has paused the queue.";
    const ask = remembered(async () => Number(await paused()), FRESH_MS.paused);
    gaugeOne(registers, "sluice_queue_paused", help, ask);
  }
  if (dead !== undefined) {
    const help = "Dead letters that nobody has dropped; each waits for a person.";
    gaugeOne(registers, "sluice_dead_deliveries", help, remembered(dead, FRESH_MS.dead));
  }
  if (held !== undefined) {
    const help =
      "Deliveries that wait for a store that is away for a moment (--store-hold); their senders have no answer yet.";
    gaugeOne(registers, "sluice_store_waiting", help, async () => held());
  }
  if (inProgress !== undefined) gaugeRuns(registers, inProgress, bounds);
  if (checks !== undefined) gaugeChecks(registers, remembered(checks, FRESH_MS.checks));
}

function gaugeDepth(registers: Registry[], latest: () => Promise<QueueDepth | undefined>): void {
  new Gauge({
    name: "sluice_queue_jobs",
    help: "Jobs in the queue.",
    labelNames: ["state"],
    registers,
    async collect() {
      const now = await latest();
      this.reset();
      if (now === undefined) return;
      this.set({ state: "waiting" }, now.waiting);
      this.set({ state: "active" }, now.active);
      this.set({ state: "delayed" }, now.delayed);
    },
  });
  const secondsOf = (age: "oldestMs" | "dueMs") => async () => {
    const now = await latest();
    return now && now[age] / 1_000;
  };
  const oldest = "Age of the oldest job that is waiting, active or delayed; 0 when there is none.";
  gaugeOne(registers, "sluice_queue_oldest_seconds", oldest, secondsOf("oldestMs"));
  const due =
    "For how long the job that was due first has been due; 0 when none is. A job that failed is due when its next try is.";
  gaugeOne(registers, "sluice_queue_due_seconds", due, secondsOf("dueMs"));
}

function gaugeOne(
  registers: Registry[],
  name: string,
  help: string,
  latest: () => Promise<number | undefined>,
): void {
  new Gauge({
    ...{ name, help, registers },
    async collect() {
      const now = await latest();
      if (now === undefined) this.remove();
      else this.set(now);
    },
  });
}

function gaugeRuns(registers: Registry[], inProgress: () => readonly RunsInProgress[], bounds: Bounds): void {
  new Gauge({
    name: "sluice_runs_in_progress",
    help: "Runs that have started and not ended; known to the gateway that leads, and to no other.",
    labelNames: [...MAKER],
    registers,
    collect() {
      this.reset();
      for (const { job, count } of inProgress()) this.inc(labelled(MAKER, makerOf(job), bounds), count);
    },
  });
}

function gaugeChecks(
  registers: Registry[],
  latest: () => Promise<readonly { readonly name: string; readonly ok: boolean }[] | undefined>,
): void {
  new Gauge({
    name: "sluice_check_ok",
    help: "1 while a check of /readyz is ok, 0 while it is degraded or has failed.",
    labelNames: ["check"],
    registers,
    async collect() {
      const now = await latest();
      this.reset();
      for (const { name, ok } of now ?? []) this.set({ check: name }, Number(ok));
    },
  });
}
