/** A decision: what one trigger made of one delivery, with the trace that explains it. */

import type { ObjectName } from "./delivery.ts";
import type { ErrorCode } from "./errors.ts";
import type { CreateJob } from "./job.ts";
import type { JsonValue } from "./json.ts";

export type Station = "verify" | "intercept" | "bind" | "render";

/** One step of the way, in order. The last one tells why the decision came out as it did. */
export interface TraceStep {
  readonly station: Station;
  /** For people: `github`, `cel "only when PRs are opened"`, `TriggerBinding github-pr-binding`. */
  readonly name: string;
  readonly verdict: "pass" | "stop" | "error";
  readonly reason?: string;
  /** Values behind the verdict: sub-expressions, params, missing headers. Never secrets. */
  readonly detail?: JsonValue;
}

/**
 * filtered: a step said no. failed: it would have fired but params or objects could not be made. matched: it fires.
 * waiting: a step could not be asked; it is asked again, and only this trigger waits for it.
 */
export const DECISION_RESULTS = ["filtered", "failed", "matched", "waiting"] as const;
export type DecisionResult = (typeof DECISION_RESULTS)[number];

export interface Decision {
  readonly trigger: ObjectName;
  /** Of a trigger without a name: its listener and place, for people. */
  readonly shown?: string;
  readonly result: DecisionResult;
  /** One line for lists and logs. */
  readonly reason: string;
  readonly code?: ErrorCode;
  readonly trace: readonly TraceStep[];
  /** What to create; present exactly when matched. */
  readonly job?: CreateJob;
  /** What tells the trigger from the listener's others; present exactly when waiting. */
  readonly waits?: string;
}

/** A decision that was made later than the others of its delivery. */
export interface LateDecision {
  /** Its place among the delivery's decisions, from 0. */
  readonly at: number;
  readonly decision: Decision;
}

export function isWaiting({ result }: Pick<Decision, "result">): boolean {
  return result === "waiting";
}

/** Steps that let the delivery pass: the more, the closer the trigger came to firing. */
export function passedSteps({ trace }: Pick<Decision, "trace">): number {
  return trace.reduce((sum, { verdict }) => sum + (verdict === "pass" ? 1 : 0), 0);
}

/** The first of those that came closest to firing. */
export function closestOf(decisions: readonly Decision[]): Decision | undefined {
  let closest: Decision | undefined;
  for (const next of decisions)
    if (closest === undefined || passedSteps(next) > passedSteps(closest)) closest = next;
  return closest;
}
