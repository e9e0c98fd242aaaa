/** The chain: interceptors asked in order, the first stop wins, and every step leaves its line in the trace. */

import type { TraceStep } from "../core/decision.ts";
import type { Event } from "../core/delivery.ts";
import { payload } from "../core/delivery.ts";
import type { ErrorCode } from "../core/errors.ts";
import { asFault } from "../core/errors.ts";
import type { CompiledInterceptor, Verdict } from "../core/interceptor.ts";
import { GRPC } from "../core/interceptor.ts";
import type { ChainStep } from "../core/plan.ts";
import { formAsJson } from "./form.ts";

export interface ChainStop {
  /** The step that stopped it. */
  readonly name: string;
  /** gRPC status code, as Tekton's interceptors give it. */
  readonly code: number;
  readonly reason: string;
  /** Asking again later may come out otherwise. */
  readonly transient?: boolean;
  /** It may have looked at any header, sensitive ones too. */
  readonly readsHeaders?: boolean;
  /** Set when the interceptor did not answer but failed. */
  readonly fault?: ErrorCode;
}

export interface ChainResult {
  /** What the last step that ran left behind. */
  readonly event: Event;
  readonly trace: readonly TraceStep[];
  readonly stopped?: ChainStop;
}

export interface ChainOptions {
  /** Put the values behind each answer into the trace. Costs many times an answer. */
  readonly explain?: boolean;
}

type Stop = Extract<Verdict, { continue: false }>;

/**
 * Asks the steps in order until one stops. An interceptor that throws stops the chain too: nothing escapes.
 *
 * @param explain for people: `sluice try`.
 * @returns the event with extensions merged key by key, the last writer of a key winning, as Tekton merges them.
 */
export async function runChain(
  steps: readonly ChainStep[],
  start: Event,
  { explain = false }: ChainOptions = {},
): Promise<ChainResult> {
  const trace: TraceStep[] = [];
  const [first] = steps;
  if (first === undefined) return { event: start, trace };
  const raw = first.interceptor.rawForm === true && Object.keys(start.extensions).length === 0;
  let event = raw ? start : formAsJson(start);
  for (const step of steps) {
    const { name, interceptor } = step;
    let verdict: Verdict;
    let failed: ErrorCode | undefined;
    try {
      const answer = interceptor.intercept(event);
      // Most interceptors answer at once; awaiting them all would cost each event a turn of the queue per step.
      verdict = isPromise(answer) ? await answer : answer;
    } catch (thrown) {
      const error = asFault(thrown);
      failed = error.code;
      verdict = { continue: false, code: GRPC.INTERNAL, reason: error.message };
      if (error.retry === "soon" && failed !== "SLUICE_INTERNAL") verdict = { ...verdict, transient: true };
    }
    if (explain) verdict = await explained(verdict, interceptor, event);
    trace.push(traceStep(name, verdict, failed !== undefined));
    if (!verdict.continue) return { event, trace, stopped: stop(step, verdict, failed) };
    event = applied(event, verdict);
  }
  return { event, trace };
}

async function explained(verdict: Verdict, interceptor: CompiledInterceptor, event: Event): Promise<Verdict> {
  if (interceptor.explain === undefined) return verdict;
  try {
    return { ...verdict, explain: await interceptor.explain(event) };
  } catch {
    // The verdict stands; only its explanation could not be had.
    return verdict;
  }
}

function applied(event: Event, verdict: Extract<Verdict, { continue: true }>): Event {
  const { extensions, body, headers } = verdict;
  if (extensions === undefined && body === undefined && headers === undefined) return event;
  return {
    ...event,
    // Spreading copies own keys only and defines them, so even `__proto__` stays a plain key.
    extensions: extensions === undefined ? event.extensions : { ...event.extensions, ...extensions },
    payload: body === undefined ? event.payload : payload(body),
    headers: headers ?? event.headers,
  };
}

function traceStep(name: string, verdict: Verdict, failed: boolean): TraceStep {
  const detail = verdict.explain === undefined ? {} : { detail: verdict.explain };
  if (verdict.continue) return { station: "intercept", name, verdict: "pass", ...detail };
  const broken = failed || verdict.transient === true;
  return {
    station: "intercept",
    name,
    verdict: broken ? "error" : "stop",
    reason: verdict.reason,
    ...detail,
  };
}

function stop(
  { name, interceptor }: ChainStep,
  { code, reason, transient }: Stop,
  failed: ErrorCode | undefined,
): ChainStop {
  const readsHeaders = interceptor.readsHeaders ?? interceptor.comparesSecret ?? false;
  return {
    ...{ name, code, reason },
    ...(readsHeaders && { readsHeaders }),
    ...(transient && { transient }),
    ...(failed && { fault: failed }),
  };
}

function isPromise(answer: Verdict | Promise<Verdict>): answer is Promise<Verdict> {
  return "then" in answer;
}
