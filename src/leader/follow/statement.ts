/** Tells the ledger what a run has come to, and states what is new by it. */

import type { Tell } from "../../core/fact.ts";
import type { CreateJob } from "../../core/job.ts";
import type { DeliveryRecord, Ledger } from "../../core/ledger.ts";
import type { FollowedRun, OpenRun, RunName, RunPhase, RunProgress } from "../../core/progress.ts";
import { hasEnded } from "../../core/progress.ts";
import type { Worked } from "../../kubernetes/index.ts";
import type { InProgress } from "./in-progress.ts";
import type { SeenRun } from "./read.ts";

export interface StatementNeeds {
  readonly where: string;
  readonly ledger: Pick<Ledger, "follow" | "find">;
  readonly tell: Tell;
  readonly inProgress: InProgress;
  readonly clock?: () => number;
}

export interface Statement {
  seen(key: string, run: Pick<SeenRun, "delivery" | "run" | "progress">): Promise<Worked>;
  /** It is gone, and nobody saw it end. */
  deleted(key: string, run: OpenRun & { readonly createdAt?: number | undefined }): Promise<Worked>;
  /** Whether its end was told here already; of another delivery's run of that name it does not count. */
  isOver(key: string, delivery: string): boolean;
  forget(key: string): Worked;
}

/** A run that the ledger does not know after so many milliseconds is a stranger. */
const STRANGER_MS = 3_600_000;

const NOTHING = { started: false, ended: false } as const;

export function createStatement({
  where,
  ledger,
  tell,
  inProgress,
  clock = Date.now,
}: StatementNeeds): Statement {
  /** What the ledger was told last: a PipelineRun changes with each of its tasks, and the ledger need not hear of that. */
  const told = new Map<string, { readonly delivery: string; readonly phase: RunPhase }>();

  /** Two clusters may have runs of one name. */
  const counted = (key: string): string => `${where} ${key}`;

  async function follow(key: string, { delivery, run }: OpenRun, progress: RunProgress): Promise<Worked> {
    const last = told.get(key);
    if (last?.delivery === delivery && last.phase === progress.phase) return "done";
    const found = made(await ledger.find(delivery), run);
    // Its attempt may not be recorded yet, for as long as a store is away and a job waits for its next try. What only
    // wears our label, or comes of a delivery that is forgotten, never will be.
    if (found === undefined) return clock() - progress.createdAt < STRANGER_MS ? "later" : "never";
    // A run of the same name in another cluster is none of ours.
    if (found.run.where !== where) return "never";
    const known = found.run.progress;
    const isOld = known !== undefined && (hasEnded(known) || known.phase === progress.phase);
    const news = isOld ? NOTHING : await ledger.follow(delivery, run, progress);
    if (news === undefined) return "later";
    told.set(key, { delivery, phase: progress.phase });
    if (hasEnded(progress)) inProgress.remove(counted(key));
    else inProgress.add(counted(key), found.job);
    const about = { ...found, progress };
    if (news.started) tell({ type: "run.started", ...about });
    if (news.ended) tell({ type: "run.finished", ...about });
    return "done";
  }

  return {
    async seen(key, { progress, ...open }) {
      return progress === undefined ? "done" : follow(key, open, progress);
    },
    async deleted(key, open) {
      const found = made(await ledger.find(open.delivery), open.run);
      inProgress.remove(counted(key));
      if (found === undefined || found.run.where !== where) return "never";
      const { progress } = found.run;
      const startedAt = progress?.startedAt;
      const createdAt = (progress?.createdAt ?? open.createdAt) || clock();
      const times = { createdAt, endedAt: clock(), ...(startedAt !== undefined && { startedAt }) };
      const done = await follow(key, open, { phase: "deleted", ...times });
      told.delete(key);
      return done;
    },
    isOver(key, delivery) {
      const last = told.get(key);
      return last?.delivery === delivery && last.phase !== "running";
    },
    forget(key) {
      told.delete(key);
      inProgress.remove(counted(key));
      return "done";
    },
  };
}

/** The run as the ledger has it, and the job that made it. */
function made(
  record: DeliveryRecord | undefined,
  { kind, namespace, name }: RunName,
): { readonly job: CreateJob; readonly run: FollowedRun } | undefined {
  for (const { job, runs } of record?.jobs ?? []) {
    const run = runs.find((one) => one.kind === kind && one.namespace === namespace && one.name === name);
    if (run !== undefined) return { job, run };
  }
  return undefined;
}
