/** The chain: interceptors asked in order, the first stop wins, and every step leaves its line in the trace. */

import type { Cost } from "../../core/cost-budget.ts";
import type { TraceStep } from "../../core/decision.ts";
import type { Event } from "../../core/delivery.ts";
import { payload } from "../../core/delivery.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { asFault } from "../../core/errors.ts";
import type { CompiledInterceptor, Verdict } from "../../core/interceptor.ts";
import { GRPC } from "../../core/interceptor.ts";
import type { ChainStep } from "../../core/plan.ts";
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
  /** Where the steps leave their lines; a new list by default. */
  readonly trace?: TraceStep[];
  /** Charged by the steps. */
  readonly cost?: Cost;
  /** Asked before a chain goes on behind a late answer: many may come at once. A promise lets others have a turn. */
  readonly pause?: () => Promise<void> | undefined;
}

type Stop = Extract<Verdict, { continue: false }>;
/** What an interceptor said, or what is said for one that failed. */
type Answer = Verdict | (Stop & { readonly fault: ErrorCode });

interface Run {
  readonly steps: readonly ChainStep[];
  readonly trace: TraceStep[];
  readonly explain: boolean;
  readonly cost: Cost | undefined;
  readonly pause: ChainOptions["pause"];
}

/**
 * Asks the steps in order until one stops. An interceptor that throws stops the chain too: nothing escapes.
 *
 * @param explain for people: `sluice try`.
 * @returns the event with extensions merged key by key, the last writer of a key winning, as Tekton merges them. At
 *   once where every step answers at once, as most do: a listener may ask thousands of chains for one event.
 */
export function runChain(
  steps: readonly ChainStep[],
  start: Event,
  { explain = false, trace = [], cost, pause }: ChainOptions = {},
): ChainResult | Promise<ChainResult> {
  const [first] = steps;
  if (first === undefined) return { event: start, trace };
  const raw = first.interceptor.rawForm === true && Object.keys(start.extensions).length === 0;
  return advance({ steps, trace, explain, cost, pause }, 0, raw ? start : formAsJson(start));
}

/** Asks the steps from `from` on; behind one that takes its time the rest follows when it has answered. */
function advance(run: Run, from: number, start: Event): ChainResult | Promise<ChainResult> {
  let event = start;
  for (let at = from; at < run.steps.length; at++) {
    const step = run.steps[at] as ChainStep;
    const answer = run.explain
      ? explained(step.interceptor, event, run.cost)
      : ask(step.interceptor, event, run.cost);
    if (isPromise(answer)) {
      const before = event;
      const next = (late: Answer) =>
        ended(run, step, late, before) ?? advance(run, at + 1, applied(before, late));
      return answer.then((late) => run.pause?.()?.then(() => next(late)) ?? next(late));
    }
    const end = ended(run, step, answer, event);
    if (end !== undefined) return end;
    event = applied(event, answer);
  }
  return { event, trace: run.trace };
}

/** Never throws, never rejects. */
function ask(interceptor: CompiledInterceptor, event: Event, cost?: Cost): Answer | Promise<Answer> {
  try {
    const answer = interceptor.intercept(event, cost);
    return isPromise(answer) ? answer.catch(broken) : answer;
  } catch (thrown) {
    return broken(thrown);
  }
}

function broken(thrown: unknown): Answer {
  const { code, message, retry } = asFault(thrown);
  const stop = { continue: false as const, code: GRPC.INTERNAL, reason: message, fault: code };
  return retry === "soon" && code !== "SLUICE_INTERNAL" ? { ...stop, transient: true } : stop;
}

async function explained(interceptor: CompiledInterceptor, event: Event, cost?: Cost): Promise<Answer> {
  const answer = await ask(interceptor, event, cost);
  if (interceptor.explain === undefined) return answer;
  try {
    return { ...answer, explain: await interceptor.explain(event) };
  } catch {
    // The verdict stands; only its explanation could not be had.
    return answer;
  }
}

/** Leaves the step's line in the trace; the chain's result where the step stopped it. */
function ended(run: Run, step: ChainStep, answer: Answer, event: Event): ChainResult | undefined {
  run.trace.push(traceStep(step.name, answer));
  return answer.continue ? undefined : { event, trace: run.trace, stopped: stop(step, answer) };
}

function applied(event: Event, answer: Answer): Event {
  if (!answer.continue) return event;
  const { extensions, body, headers } = answer;
  if (extensions === undefined && body === undefined && headers === undefined) return event;
  return {
    ...event,
    // Spreading copies own keys only and defines them, so even `__proto__` stays a plain key.
    extensions: extensions === undefined ? event.extensions : { ...event.extensions, ...extensions },
    payload: body === undefined ? event.payload : payload(body),
    headers: headers ?? event.headers,
  };
}

function traceStep(name: string, answer: Answer): TraceStep {
  const { explain: detail } = answer;
  if (answer.continue) {
    const pass = { station: "intercept", name, verdict: "pass" } as const;
    return detail === undefined ? pass : { ...pass, detail };
  }
  const verdict = "fault" in answer || answer.transient === true ? "error" : "stop";
  const no = { station: "intercept", name, verdict, reason: answer.reason } as const;
  return detail === undefined ? no : { ...no, detail };
}

function stop({ name, interceptor }: ChainStep, answer: Stop | (Stop & { fault: ErrorCode })): ChainStop {
  const { code, reason, transient } = answer;
  const readsHeaders = interceptor.readsHeaders ?? interceptor.comparesSecret ?? false;
  // The plain no, which is what most triggers say to most events.
  if (!readsHeaders && !transient && !("fault" in answer)) return { name, code, reason };
  return {
    name,
    code,
    reason,
    ...(readsHeaders && { readsHeaders }),
    ...(transient && { transient }),
    ...("fault" in answer && { fault: answer.fault }),
  };
}

function isPromise<T extends object>(answer: T | Promise<T>): answer is Promise<T> {
  return "then" in answer;
}
