/** Deliveries, decisions and attempts to fill a ledger with. */

import type { Decision } from "../../../src/core/decision.ts";
import type { Delivery, ObjectName } from "../../../src/core/delivery.ts";
import { createJobId, newDeliveryId } from "../../../src/core/identity.ts";
import type { Attempt, CreateJob, Run } from "../../../src/core/job.ts";
import type { NewDelivery } from "../../../src/core/ledger.ts";

export const listener: ObjectName = { namespace: "ci", name: "github" };

/** A moment in 2026; each delivery of a suite comes a while later. */
export const START = Date.UTC(2026, 0, 1);

export interface SampleOptions {
  readonly receivedAt?: number;
  readonly listener?: ObjectName;
  readonly body?: Buffer;
  readonly url?: string;
  readonly headers?: Delivery["headers"];
  readonly replayOf?: string;
  readonly facts?: Partial<NewDelivery["facts"]>;
  readonly dedupeKey?: string;
  /** One letter for each decision, as {@link decisionsFor} takes them; undefined leaves it to a worker. */
  readonly decided?: string | undefined;
}

export function newDelivery(options: SampleOptions = {}): NewDelivery {
  const { receivedAt = START, replayOf, dedupeKey } = options;
  const delivery: Delivery = {
    id: newDeliveryId(receivedAt),
    listener: options.listener ?? listener,
    receivedAt,
    method: "POST",
    url: options.url ?? "/ci/github?from=test",
    headers: options.headers ?? { "Content-Type": ["application/json"], "X-Github-Event": ["push"] },
    body: options.body ?? Buffer.from('{"ref":"refs/heads/main"}'),
    ...(replayOf !== undefined && { replayOf }),
  };
  const facts = { provider: "github", event: "push", proof: "github", ...options.facts };
  const decided = "decided" in options ? options.decided : "n";
  const decisions = decided === undefined ? undefined : decisionsFor(delivery, decided);
  return { delivery, facts, decisions, ...(dedupeKey !== undefined && { dedupeKey }) };
}

/** @param kinds one letter for each decision: m matched, f failed, n filtered, w waiting. */
export function decisionsFor(delivery: Delivery, kinds: string): readonly Decision[] {
  return [...kinds].map((kind, i): Decision => {
    const trigger = { namespace: "ci", name: `trigger-${i}` };
    const step = {
      station: "intercept",
      name: "cel",
      verdict: "pass",
      detail: { "body.ref": "main" },
    } as const;
    if (kind === "m") {
      const job = jobFor(delivery, trigger);
      return { trigger, result: "matched", reason: "every step passed", trace: [step], job };
    }
    if (kind === "f") {
      const code = "SLUICE_PATH_MISSING";
      return { trigger, result: "failed", reason: "param sha: body.sha is missing", code, trace: [step] };
    }
    if (kind === "w") {
      const [code, reason] = ["SLUICE_INTERCEPTOR_FAILED", "gate: connection refused"] as const;
      return { trigger, result: "waiting", reason, code, trace: [step], waits: `/ci/${trigger.name}` };
    }
    const stop = { ...step, verdict: "stop", reason: "body.ref is no tag" } as const;
    return { trigger, result: "filtered", reason: "body.ref is no tag", trace: [stop] };
  });
}

export function jobFor(delivery: Delivery, trigger: ObjectName): CreateJob {
  const { id, receivedAt } = delivery;
  const name = `build-${createJobId(id, trigger)}`;
  const object = {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: { name, namespace: "ci" },
    spec: { pipelineRef: { name: "build" }, params: [{ name: "ref", value: "main" }] },
  };
  return {
    kind: "create",
    id: createJobId(id, trigger),
    delivery: id,
    listener: delivery.listener,
    trigger,
    receivedAt,
    serviceAccount: "builder",
    objects: [object],
  };
}

/** The jobs of an entry, in the order of its decisions. */
export function jobsIn(entry: NewDelivery): readonly CreateJob[] {
  return (entry.decisions ?? []).flatMap((decision) => decision.job ?? []);
}

export function runOf(job: CreateJob, outcome: Run["outcome"] = "created"): Run {
  const object = job.objects[0];
  if (object === undefined) throw new Error("the sample job has no object");
  const { apiVersion, kind, metadata } = object;
  return { apiVersion, kind, namespace: "ci", name: metadata.name, where: "https://cluster", outcome };
}

export function attemptOf(job: CreateJob, number: number, outcome: Attempt["outcome"]): Attempt {
  const base = { number, at: job.receivedAt + number * 1_000, took: 12, outcome };
  if (outcome === "done") return { ...base, runs: [runOf(job)] };
  const reason = `try ${number}: connection refused`;
  const failed = { ...base, runs: [], code: "SLUICE_CREATE_UNREACHABLE", reason } as const;
  return outcome === "retry" ? { ...failed, nextAt: base.at + 500 } : failed;
}
