/** The way out, on one page: a job taken from the queue becomes objects, or a later try, or a dead letter. */

import { createDecoder, type Decoder } from "../core/decoder.ts";
import { asFault, fault, reasonOf, type SluiceError } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import { judgeJob, type StoreKeys } from "../core/integrity.ts";
import type { Attempt, CreateAnswer, CreateJob, Job, KubernetesObject, Run, Target } from "../core/job.ts";
import { triggerOf } from "../core/job.ts";
import type { Ledger } from "../core/ledger.ts";
import { allVisible, type Plans, type VisiblePlan } from "../core/plan.ts";
import type { Disposition, JobHandler, Queue } from "../core/queue.ts";
import { refusedObject } from "../core/refused-object.ts";
import { nextTry } from "../core/retry.ts";
import type { Turns } from "../decide/index.ts";
import { createDecideLater } from "../decide/index.ts";
import type { Verifier } from "../verify/index.ts";
import { asDeclared } from "./as-declared.ts";
import type { Gate, Place } from "./circuit-breaker.ts";
import { createGate } from "./circuit-breaker.ts";
import { createDistrust } from "./distrust.ts";
import { createResolve } from "./resolve.ts";

export interface DispatchNeeds {
  readonly target: Target;
  /** Stands before the target; one of its own by default. */
  readonly gate?: Gate;
  /** Further targets, by the name that a job may ask for. None waits for another. */
  readonly clusters?: ReadonlyMap<string, Place>;
  readonly ledger: Pick<
    Ledger,
    "attempt" | "claim" | "decide" | "decideLate" | "drop" | "find" | "forgetBody" | "load"
  >;
  readonly queue: Pick<Queue, "enqueue">;
  readonly plans: Plans;
  /** Default: the operator wrote the objects. */
  readonly visible?: VisiblePlan;
  readonly verifier: Verifier;
  /** Decodes bodies; shared by all that does so in a process. */
  readonly decoder?: Decoder;
  readonly tell: Tell;
  /** Without them every job is believed. */
  readonly keys?: StoreKeys | undefined;
  readonly clock?: () => number;
  readonly random?: () => number;
  /** Milliseconds of work that deciding a proved delivery may cost. */
  readonly decideBudget?: number;
  /** Shared by all that decide in this process. */
  readonly turns?: Turns;
}

type Failure = Extract<CreateAnswer, { outcome: "failed" }>;
interface Tried {
  readonly runs: readonly Run[];
  readonly failure?: Failure;
}
const DONE: Disposition = { kind: "done" };

/**
 * Makes the queue's handler. It may be called twice for one job (a crash, a lost answer): names are functions of the
 * delivery, so the second call finds the objects of the first.
 */
export function createDispatch(needs: DispatchNeeds): JobHandler {
  const { target, ledger, plans, tell, keys, clock = Date.now, random = Math.random } = needs;
  const { gate = createGate({ target, tell, clock, random }), clusters = new Map<string, Place>() } = needs;
  const own: Place = { target, gate };
  const { visible = allVisible, decoder = createDecoder() } = needs;
  const distrust = createDistrust(tell, clock);
  const outdated = asDeclared(plans);
  const resolve = createResolve({ ledger, clock });
  const decideLater = createDecideLater({ ...needs, visible, decoder, distrust, clock, random });

  return (job: Job, attempt: number) =>
    job.kind === "create" ? create(job, attempt) : decideLater(job, attempt);

  async function create(job: CreateJob, number: number): Promise<Disposition> {
    const wrong = judgeJob(keys, job);
    const held = wrong && distrust(job.delivery, wrong);
    if (held !== undefined) return held;
    const place = job.cluster === undefined ? own : clusters.get(job.cluster);
    // A cluster that nobody knows here says more than that it is another one now.
    const stale = wrong ?? (place && outdated(job));
    if (stale === undefined && place?.gate.closed() !== undefined) return notNow(place.gate);
    const at = clock();
    const { runs, failure } =
      stale !== undefined
        ? { runs: [], failure: failureOf(stale) }
        : place === undefined
          ? nowhere(job)
          : await createAll(job, place.target);
    // A try that nobody answered because nobody is there is none: it may have been made, and its names will say so.
    if (failure?.code === "SLUICE_CREATE_UNREACHABLE" && (await place?.gate.doubt()) && place !== undefined)
      return notNow(place.gate);
    const attempt = { ...concluded(job, number, at, failure), runs };
    if (!(await kept(job, attempt))) return DONE;
    tell({ type: "job.attempted", job, attempt, waited: Math.max(0, at - job.receivedAt) });
    const sinceReceived = Math.max(0, clock() - job.receivedAt);
    for (const run of runs) tell({ type: "run.created", job, run, sinceReceived });
    if (attempt.outcome === "done" && job.replayOf !== undefined) await resolve(job);
    if (attempt.outcome !== "retry") return DONE;
    return { kind: "retry", afterMs: Math.max(0, (attempt.nextAt ?? at) - clock()) };
  }

  /** False when the ledger knows no such job and never will: trying it again would go on for ever. */
  async function kept(job: CreateJob, attempt: Attempt): Promise<boolean> {
    try {
      await ledger.attempt(job, attempt);
      return true;
    } catch (thrown) {
      const error = asFault(thrown);
      if (error.retry !== "never") throw thrown;
      tell({ type: "defect", where: "dispatch", error });
      return false;
    }
  }

  /** With one target nobody takes a job before it is back; with several only its own jobs wait. */
  function notNow(at: Gate): Disposition {
    if (clusters.size > 0) return { kind: "aside", afterMs: at.askAgain() };
    return { kind: "back", until: at.closed() ?? Promise.resolve() };
  }

  /** Decided by a gateway whose settings know the cluster, worked on by one whose do not: somebody has to mend them. */
  function nowhere(job: CreateJob): Tried {
    const { cluster: name = "" } = job;
    const from = `trigger ${triggerOf(job)}`;
    const known = [...clusters.keys()].join(", ") || "none";
    return { runs: [], failure: failureOf(fault("SLUICE_CLUSTER_UNKNOWN", { name, from, known })) };
  }

  /** Objects in the template's order; Tekton stops at the first that fails, and so do we. */
  async function createAll(job: CreateJob, target: Target): Promise<Tried> {
    const runs: Run[] = [];
    for (const object of job.objects) {
      const answer = await createOne(object, job, target);
      if (answer.outcome === "failed") return { runs, failure: answer };
      runs.push(answer.run);
    }
    if (job.broken === undefined) return { runs };
    const values = { code: "SLUICE_TEMPLATE_BROKEN", retry: "never", reason: job.broken } as const;
    return { runs, failure: { outcome: "failed", ...values } };
  }

  /** A target answers failures as values; what it throws all the same is a defect, and the job must outlive it. */
  async function createOne(object: KubernetesObject, job: CreateJob, target: Target): Promise<CreateAnswer> {
    // What the API server would say in its words, and a folder not at all.
    const refused = refusedObject([object]);
    if (refused !== undefined) return failureOf(refused.error);
    try {
      return await target.create(object, job);
    } catch (thrown) {
      return { outcome: "failed", retry: "soon", code: asFault(thrown).code, reason: reasonOf(thrown) };
    }
  }

  /** @param tries how often it was tried since it was received or, by a person's wish, reopened. */
  function concluded(job: CreateJob, tries: number, at: number, failure?: Failure): Omit<Attempt, "runs"> {
    const now = clock();
    const { receivedAt, reopened } = job;
    const base = { number: tries + (reopened?.attempts ?? 0), at, took: Math.max(0, now - at) };
    if (failure === undefined) return { ...base, outcome: "done" };
    const { code, reason, retry, after } = failure;
    const since = reopened?.at ?? receivedAt;
    const next = nextTry({ retry, attempt: tries, since, now, after, random });
    if (next.kind === "dead") return { ...base, outcome: "dead", code, reason: `${reason} (${next.reason})` };
    return { ...base, outcome: "retry", code, reason, nextAt: now + next.afterMs };
  }
}

function failureOf({ code, retry, message: reason }: SluiceError): Failure {
  return { outcome: "failed", code, retry, reason };
}
