/** JSON Schemas of what the API answers. Each names exactly the fields of the type it describes: the compiler compares. */

import type { Acknowledgement, AuditReport } from "../core/acknowledged.ts";
import type { DeadHint } from "../core/dead-hint.ts";
import { DECISION_RESULTS, type Decision, type TraceStep } from "../core/decision.ts";
import type { ObjectName } from "../core/delivery.ts";
import type { Attempt, CreateJob, Run, TargetState } from "../core/job.ts";
import type { JsonObject } from "../core/json.ts";
import type { ActNote, DeadGroup, DeliveryRecord, DeliverySummary, JobRecord } from "../core/ledger.ts";
import { OUTCOMES } from "../core/ledger.ts";
import type { FollowedRun, RunProgress } from "../core/progress.ts";
import { RUN_PHASES } from "../core/progress.ts";
import type { Refusal } from "../core/refusal.ts";
import type { FoldedAct } from "./acts.ts";
import type { Batch, BatchResult } from "./batch.ts";
import type { Difference, ObjectDifference } from "./compare.ts";
import type { QueueReport } from "./services.ts";

type RequiredKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? never : K }[keyof T];
type Properties<K extends PropertyKey> = Readonly<Record<K, JsonObject>>;

/** An object with exactly the fields of `T`. */
function shapeOf<T>() {
  return (
    required: Properties<RequiredKeys<T>>,
    optional: Properties<Exclude<keyof T, RequiredKeys<T>>>,
  ): JsonObject => closed(required, optional);
}

export function closed(required: Properties<string>, optional: Properties<string> = {}): JsonObject {
  const properties = { ...required, ...optional };
  return { type: "object", properties, required: Object.keys(required), additionalProperties: false };
}

export const ref = (name: keyof typeof SCHEMAS): JsonObject => ({ $ref: `#/components/schemas/${name}` });
export const list = (items: JsonObject): JsonObject => ({ type: "array", items });
export const text: JsonObject = { type: "string" };
export const count: JsonObject = { type: "integer", minimum: 0 };
const yesOrNo: JsonObject = { type: "boolean" };
const at: JsonObject = { type: "integer", description: "milliseconds since 1970" };
const ms: JsonObject = { type: "number", minimum: 0, description: "milliseconds" };
const oneOf = (...values: readonly string[]): JsonObject => ({ type: "string", enum: values });
const outcome = oneOf(...OUTCOMES);
const name: JsonObject = { $ref: "#/components/schemas/ObjectName" };
const note: JsonObject = { $ref: "#/components/schemas/ActNote" };

/** A page of a list. */
export const page = (items: JsonObject): JsonObject => closed({ items: list(items) }, { next: text });

const summary = {
  required: {
    ...{ id: text, listener: name, receivedAt: at, outcome, provider: text, event: text, proof: text },
    ...{ size: count, reason: text, runs: list(text) },
  },
  optional: {
    ...{ providerId: text, repository: text, ref: text, revision: text, pullRequest: count, actor: text },
    ...{ replayOf: text, duplicateOf: text, note },
    dropped: closed(
      { at },
      { actor: text, reason: text, by: { ...text, description: "the replay that did what had failed" } },
    ),
  },
};

const run = {
  ...{ apiVersion: text, kind: text, namespace: text, name: text, where: text },
  outcome: oneOf("created", "exists"),
};

/** What the API server remarked; absent where it remarked nothing. */
const warnings = list(text);
/** Absent while nobody has seen the run start. */
const progress: JsonObject = { $ref: "#/components/schemas/RunProgress" };

export const SCHEMAS = {
  ObjectName: shapeOf<ObjectName>()({ namespace: text, name: text }, {}),
  ActNote: shapeOf<ActNote>()({}, { actor: text, reason: text }),
  DeliverySummary: shapeOf<DeliverySummary>()(summary.required, summary.optional),
  DeliveryRecord: shapeOf<DeliveryRecord>()(
    {
      ...summary.required,
      ...{ method: text, url: text, headers: { $ref: "#/components/schemas/Headers" }, decided: yesOrNo },
      decisions: list({ $ref: "#/components/schemas/Decision" }),
      jobs: list({ $ref: "#/components/schemas/JobRecord" }),
    },
    { ...summary.optional, digest: text },
  ),
  Headers: { type: "object", additionalProperties: list(text), description: "sensitive values are masked" },
  Decision: shapeOf<Omit<Decision, "job">>()(
    {
      ...{ trigger: name, result: oneOf(...DECISION_RESULTS), reason: text },
      trace: list({ $ref: "#/components/schemas/TraceStep" }),
    },
    {
      code: text,
      waits: { ...text, description: "whom it waits for; only while it does" },
      shown: { ...text, description: "listener and place of a trigger without a name" },
    },
  ),
  TraceStep: shapeOf<TraceStep>()(
    {
      station: oneOf("verify", "intercept", "bind", "render"),
      name: text,
      verdict: oneOf("pass", "stop", "error"),
    },
    { reason: text, detail: { description: "values behind the verdict" } },
  ),
  JobRecord: shapeOf<JobRecord>()(
    {
      job: { $ref: "#/components/schemas/CreateJob" },
      state: oneOf("pending", "created", "dead"),
      attempts: list({ $ref: "#/components/schemas/Attempt" }),
      runs: list({ $ref: "#/components/schemas/FollowedRun" }),
    },
    {},
  ),
  CreateJob: shapeOf<CreateJob>()(
    {
      ...{ kind: oneOf("create"), id: text, delivery: text, listener: name, trigger: name, receivedAt: at },
      objects: list({ type: "object", description: "a Kubernetes object" }),
    },
    {
      ...{ serviceAccount: text, listenerAccount: text, cluster: text, mac: text, broken: text, shown: text },
      reopened: closed({ at, attempts: count }),
      replayOf: text,
    },
  ),
  Attempt: shapeOf<Attempt>()(
    {
      ...{ number: count, at, took: ms, outcome: oneOf("done", "retry", "dead") },
      runs: list({ $ref: "#/components/schemas/Run" }),
    },
    { code: text, reason: text, nextAt: at },
  ),
  Run: shapeOf<Run>()(run, { warnings }),
  FollowedRun: shapeOf<FollowedRun>()(run, { warnings, progress }),
  RunProgress: shapeOf<RunProgress>()(
    { phase: oneOf(...RUN_PHASES), createdAt: at },
    { startedAt: at, endedAt: at, reason: text, message: text },
  ),
  CreatedRun: closed(
    { ...run, delivery: text, listener: name, trigger: name, receivedAt: at },
    { warnings, progress },
  ),
  Payload: closed({
    ...{ id: text, method: text, url: text, headers: { $ref: "#/components/schemas/Headers" } },
    ...{ encoding: oneOf("utf8", "base64"), body: text },
  }),
  Refusal: shapeOf<Refusal>()(
    { listener: name, at, lastAt: at, count, code: text, status: count, reason: text },
    {
      address: { ...text, description: "where the connection came from; absent: from several places" },
      ...{ provider: text, event: text },
    },
  ),
  Audit: shapeOf<AuditReport>()(
    {
      ...{ accepted: count, created: count, filtered: count, duplicate: count, dead: count, pending: count },
      ...{ runs: count, pendingJobs: list(text), violations: list(text) },
    },
    { unqueued: list(text), acknowledged: { $ref: "#/components/schemas/Acknowledgement" } },
  ),
  Acknowledgement: shapeOf<Acknowledgement>()(
    { store: text, since: at, count, looked: count },
    { forgotten: closed({ count, first: text, last: text, at }) },
  ),
  DeadGroup: shapeOf<DeadGroup & { readonly hint?: DeadHint }>()(
    {
      ...{ fingerprint: text, code: text, reason: text, count, firstAt: at, lastAt: at },
      deliveries: { ...list(text), maxItems: 10 },
    },
    {
      bodiesGone: count,
      hint: {
        ...closed({ fix: text, way: oneOf("retry", "replay") }),
        description: "what to put right, and by which way they come back then",
      },
    },
  ),
  Queue: shapeOf<QueueReport>()(
    { waiting: count, active: count, delayed: count, oldestMs: ms, dueMs: ms, paused: yesOrNo },
    {
      note: closed({ at }, { actor: text, reason: text }),
      attemptsPerMinute: {
        ...count,
        description: "jobs tried by this process in the last minute; absent where it tries none",
      },
      targets: {
        ...list({ $ref: "#/components/schemas/TargetState" }),
        description: "where this process creates; absent where it creates nothing",
      },
    },
  ),
  TargetState: shapeOf<TargetState>()(
    { name: text, away: yesOrNo },
    { cluster: { ...text, description: "as templates name it" }, since: at, reason: text },
  ),
  Act: shapeOf<FoldedAct>()(
    { at, verb: text, subject: text },
    {
      ...{ actor: text, reason: text, by: text, batch: text, count },
    },
  ),
  Batch: shapeOf<Batch>()(
    {
      ...{ id: text, verb: oneOf("replay", "retry", "drop"), selection: text, rate: { type: "number" } },
      ...{ mode: oneOf("act", "dry-run", "count"), startedAt: at, actor: text },
      ...{ state: oneOf("selecting", "running", "done", "cancelled", "failed", "interrupted") },
      ...{ total: count, done: count, skipped: count, failed: count, objects: count, different: count },
    },
    {
      ...{ endedAt: at, saidAt: at, reason: text, trigger: text, error: text },
      results: list({ $ref: "#/components/schemas/BatchResult" }),
    },
  ),
  BatchResult: shapeOf<BatchResult>()(
    { delivery: text, outcome: oneOf("done", "skipped", "failed") },
    {
      ...{ made: text, objects: count, code: text, why: text },
      differences: list({ $ref: "#/components/schemas/Difference" }),
    },
  ),
  Difference: shapeOf<Difference>()(
    { trigger: name, objects: list({ $ref: "#/components/schemas/ObjectDifference" }) },
    { before: text, now: text },
  ),
  ObjectDifference: shapeOf<ObjectDifference>()(
    { object: text, change: oneOf("added", "removed", "changed"), fields: list(text) },
    {},
  ),
  Stats: closed({
    at,
    windows: list(
      closed({
        window: oneOf("1h", "24h", "7d"),
        since: at,
        outcomes: closed(Object.fromEntries(OUTCOMES.map((one) => [one, count]))),
      }),
    ),
  }),
  Fault: closed({
    error: closed({
      ...{ code: text, message: text, fix: text },
      values: { type: "object", additionalProperties: text },
    }),
  }),
} as const satisfies Readonly<Record<string, JsonObject>>;
