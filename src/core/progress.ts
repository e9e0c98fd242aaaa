/** What becomes of a run after it was created: told by the cluster that has it, kept in the ledger. */

import type { Run } from "./job.ts";

/** `deleted`: it was gone before anybody saw how it ended. All but `running` are ends. */
export const RUN_PHASES = ["running", "succeeded", "failed", "cancelled", "timed-out", "deleted"] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

/** Times are those of the cluster that has the run, in milliseconds since the epoch. */
export interface RunProgress {
  readonly phase: RunPhase;
  /** When the object was created: between this and `startedAt` it waited. */
  readonly createdAt: number;
  /** Absent for a run that ended before it started. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** The cluster's own word for it: `Succeeded`, `PipelineRunTimeout`, … */
  readonly reason?: string;
  /** One line for people. */
  readonly message?: string;
}

/** How a run is found within its delivery. */
export type RunName = Pick<Run, "kind" | "namespace" | "name">;

/** A run with what has become of it; without `progress` while nobody has seen it start. */
export interface FollowedRun extends Run {
  readonly progress?: RunProgress;
}

/** What is new by telling the ledger of a run: each is true once for every run, however often and by whomever it is told. */
export interface Followed {
  readonly started: boolean;
  readonly ended: boolean;
}

/** A run that the ledger knows to have started and not to have ended. */
export interface OpenRun {
  readonly delivery: string;
  readonly run: RunName;
}

export const hasEnded = ({ phase }: RunProgress): boolean => phase !== "running";
