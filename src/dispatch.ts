/** The way out, on one page: a job taken from the queue becomes objects, or a later try, or a dead letter. */

import type { Decision } from "./core/decision.ts";
import { asFault, fault, reasonOf } from "./core/errors.ts";
import type { Tell } from "./core/fact.ts";
import { maskedNames } from "./core/headers.ts";
import type { Attempt, CreateAnswer, CreateJob, DecideJob, Job, Run, Target } from "./core/job.ts";
import type { Ledger } from "./core/ledger.ts";
import type { Plans } from "./core/plan.ts";
import type { Disposition, JobHandler, Queue } from "./core/queue.ts";
import { nextTry } from "./core/retry.ts";
import { decide } from "./decide.ts";
import type { Verifier } from "./verify/verifier.ts";

export interface DispatchNeeds {
  readonly target: Target;
  readonly ledger: Pick<Ledger, "attempt" | "decide" | "find" | "load">;
  readonly queue: Pick<Queue, "enqueue">;
  readonly plans: Plans;
  readonly verifier: Verifier;
  readonly tell: Tell;
  readonly clock?: () => number;
  readonly random?: () => number;
}

type Failure = Extract<CreateAnswer, { outcome: "failed" }>;
const DONE: Disposition = { kind: "done" };

/**
 * Makes the queue's handler. It may be called twice for one job (a crash, a lost answer): names are functions of the
 * delivery, so the second call finds the objects of the first.
 */
export function createDispatch(needs: DispatchNeeds): JobHandler {
  const { target, ledger, queue, plans, verifier, tell, clock = Date.now, random = Math.random } = needs;

  return (job: Job, attempt: number) =>
    job.kind === "create" ? create(job, attempt) : decideLater(job, attempt);

  async function create(job: CreateJob, number: number): Promise<Disposition> {
    const at = clock();
    const { runs, failure } = await createAll(job);
    const attempt = { ...concluded(job, number, at, failure), runs };
    await ledger.attempt(job, attempt);
    tell({ type: "job.attempted", job, attempt, waited: Math.max(0, at - job.receivedAt) });
    const sinceReceived = Math.max(0, clock() - job.receivedAt);
    for (const run of runs) tell({ type: "run.created", job, run, sinceReceived });
    if (attempt.outcome !== "retry") return DONE;
    return { kind: "retry", afterMs: Math.max(0, (attempt.nextAt ?? at) - clock()) };
  }

  /** Objects in the template's order; Tekton stops at the first that fails, and so do we. */
  async function createAll(job: CreateJob): Promise<{ runs: Run[]; failure?: Failure }> {
    const runs: Run[] = [];
    for (const object of job.objects) {
      const answer = await target.create(object, job).catch(unexpected);
      if (answer.outcome === "failed") return { runs, failure: answer };
      runs.push(answer.run);
    }
    return { runs };
  }

  function concluded(job: CreateJob, number: number, at: number, failure?: Failure): Omit<Attempt, "runs"> {
    const now = clock();
    const base = { number, at, took: Math.max(0, now - at) };
    if (failure === undefined) return { ...base, outcome: "done" };
    const { code, reason, retry, after } = failure;
    const next = nextTry({ retry, attempt: number, receivedAt: job.receivedAt, now, after, random });
    if (next.kind === "dead") return { ...base, outcome: "dead", code, reason: `${reason} (${next.reason})` };
    return { ...base, outcome: "retry", code, reason, nextAt: now + next.afterMs };
  }

  async function decideLater(job: DecideJob, number: number): Promise<Disposition> {
    const [delivery, record] = await Promise.all([ledger.load(job.delivery), ledger.find(job.delivery)]);
    if (delivery === undefined || record === undefined || record.decided) return DONE;
    const plan = plans.find(job.listener.namespace, job.listener.name);
    let decisions: readonly Decision[];
    if (plan === undefined) decisions = [listenerGone(job)];
    else {
      const proofs = verifier.recorded(delivery, record.proof);
      const decided = await decide(plan, delivery, proofs, undefined, maskedNames(delivery.headers));
      if (decided.transient !== undefined) {
        const now = clock();
        const next = nextTry({ retry: "soon", attempt: number, receivedAt: job.receivedAt, now, random });
        if (next.kind === "retry") return next;
      }
      decisions = decided.decisions;
    }
    await ledger.decide(job.delivery, decisions);
    await queue.enqueue(decisions.flatMap((decision) => decision.job ?? []));
    for (const { trigger, result, reason, code } of decisions) {
      const about = { delivery: job.delivery, listener: job.listener, trigger };
      tell({ type: "decision.made", ...about, result, reason, ...(code && { code }) });
    }
    return DONE;
  }
}

// A target answers failures as values; what it throws all the same is a defect, and the job must outlive it.
function unexpected(thrown: unknown): Failure {
  const { code } = asFault(thrown);
  return { outcome: "failed", retry: "soon", code, reason: reasonOf(thrown) };
}

function listenerGone({ listener }: DecideJob): Decision {
  const from = "the delivery";
  const error = fault("SLUICE_REF_MISSING", { kind: "EventListener", ...listener, from });
  return { trigger: listener, result: "failed", reason: error.message, code: error.code, trace: [] };
}
