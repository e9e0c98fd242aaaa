/** A run as the cluster tells of it: whose it is by its labels, and what has become of it by its status. */

import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonObject, objectAt, ownValue } from "../../core/json.ts";
import { LABELS } from "../../core/labels.ts";
import type { RunName, RunPhase, RunProgress } from "../../core/progress.ts";

export interface SeenRun {
  /** What its label says; whether that is true, the ledger knows. */
  readonly delivery: string;
  readonly run: RunName;
  /** Milliseconds since the epoch; 0 where the cluster does not say. */
  readonly createdAt: number;
  /** Undefined while it waits. */
  readonly progress: RunProgress | undefined;
}

/** The kinds that tell how they end, in the words of the condition `Succeeded`. */
export const FOLLOWED = [
  { apiVersion: "tekton.dev/v1", kind: "PipelineRun", plural: "pipelineruns" },
  { apiVersion: "tekton.dev/v1", kind: "TaskRun", plural: "taskruns" },
] as const;

/**
 * What has our label, and is no part of another run: Tekton Pipelines hands a PipelineRun's labels down to its TaskRuns
 * (tektoncd/pipeline pkg/reconciler/pipelinerun).
 */
export const SELECTOR = `${LABELS.event},!tekton.dev/pipelineRun`;

/** UUIDv7: the ids of deliveries. Tekton's own, in a cluster where both work, are of version 4. */
const DELIVERY = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** @returns undefined for what no delivery of ours can have made. */
export function readRun(object: JsonObject): SeenRun | undefined {
  const metadata = objectAt(object, "metadata");
  const delivery = ownValue(objectAt(metadata, "labels"), LABELS.event);
  const { kind, namespace, name } = { kind: object.kind, namespace: metadata.namespace, name: metadata.name };
  if (typeof delivery !== "string" || !DELIVERY.test(delivery)) return undefined;
  if (typeof kind !== "string" || typeof namespace !== "string" || typeof name !== "string") return undefined;
  return { delivery, run: { kind, namespace, name }, ...readStatusOf(object) };
}

/** What has become of a run, whatever it is called and whosever it is. */
export function readStatusOf(object: JsonObject): Pick<SeenRun, "createdAt" | "progress"> {
  const createdAt = timeOf(objectAt(object, "metadata").creationTimestamp) ?? 0;
  return { createdAt, progress: progressOf(createdAt, objectAt(object, "status")) };
}

function progressOf(createdAt: number, status: JsonObject): RunProgress | undefined {
  const startedAt = timeOf(status.startTime);
  const condition = succeeded(status);
  const phase = phaseOf(condition);
  if (phase === "running" && startedAt === undefined) return undefined;
  const { reason, message } = condition;
  return {
    phase,
    createdAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(phase !== "running" && {
      endedAt:
        timeOf(status.completionTime) ?? timeOf(condition.lastTransitionTime) ?? startedAt ?? createdAt,
    }),
    ...(typeof reason === "string" && reason !== "" && { reason }),
    ...(typeof message === "string" && message !== "" && { message }),
  };
}

/** Reasons of tektoncd/pipeline pkg/apis/pipeline/v1: PipelineRunReason…, TaskRunReason…. */
const CANCELLED: ReadonlySet<unknown> = new Set(["Cancelled", "PipelineRunCancelled", "TaskRunCancelled"]);
const TIMED_OUT: ReadonlySet<unknown> = new Set(["PipelineRunTimeout", "TaskRunTimeout"]);

function phaseOf({ status, reason }: JsonObject): RunPhase {
  if (status === "True") return "succeeded";
  // Unknown, while it runs or is being cancelled.
  if (status !== "False") return "running";
  if (CANCELLED.has(reason)) return "cancelled";
  return TIMED_OUT.has(reason) ? "timed-out" : "failed";
}

function succeeded(status: JsonObject): JsonObject {
  const conditions = ownValue(status, "conditions");
  const all = Array.isArray(conditions) ? (conditions as readonly JsonValue[]) : [];
  return all.filter(isJsonObject).find(({ type }) => type === "Succeeded") ?? {};
}

function timeOf(value: JsonValue | undefined): number | undefined {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
