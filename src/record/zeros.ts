/** Which series stand at 0 before their first event: Prometheus counts an increase only from a sample that was there before. */

import type { ObjectName } from "../core/delivery.ts";
import { ERRORS, type ErrorCode } from "../core/error-table.ts";
import type { ListenerPlan } from "../core/plan.ts";
import { knownProviders } from "../core/provider.ts";
import { makerOf } from "./labels.ts";

/** What this gateway knows of the events that may come. */
export interface Expected {
  readonly listeners: readonly Listener[];
  /** Whether this gateway follows runs. */
  readonly leading: boolean;
}

type Listener = Pick<ListenerPlan, "namespace" | "name" | "groups">;

/** Label values of a series, in the order of its metric's labels. */
export type Row = readonly string[];
export type Zeros = (expected: Expected) => Iterable<Row>;

/** Series that one metric shows at 0 at most: beyond it they appear with their first event, as all did before. */
export const MOST_ZEROS = 10_000;

/** These rows, whatever is declared. */
export const always =
  (...rows: readonly Row[]): Zeros =>
  () =>
    rows;

/** Each listener with each of these. */
export const eachListener =
  (...ends: readonly Row[]): Zeros =>
  ({ listeners }) =>
    listeners.flatMap(({ namespace, name }) => ends.map((end) => [namespace, name, ...end]));

/** Each trigger of each listener, with each of these values. */
export const eachTrigger =
  (...values: readonly string[]): Zeros =>
  ({ listeners }) =>
    listeners.flatMap((listener) =>
      triggersOf(listener).flatMap((trigger) =>
        values.map((value) => [...makerOf({ listener, trigger }), value]),
      ),
    );

/** Each listener, with the senders whose proofs it demands, with each of these values. */
export const eachSender =
  (...values: readonly string[]): Zeros =>
  ({ listeners }) =>
    listeners.flatMap((listener) =>
      sendersOf(listener).flatMap((sender) =>
        values.map((value) => [listener.namespace, listener.name, sender, value]),
      ),
    );

/** Only where this gateway leads. */
export const whereLeading =
  (zeros: Zeros): Zeros =>
  (expected) =>
    expected.leading ? zeros(expected) : [];

function triggersOf({ groups }: Listener): readonly ObjectName[] {
  return groups.flatMap(({ triggers }) => triggers);
}

/** Schemes that are called as their provider is; of other listeners nobody knows who will send. */
function sendersOf({ groups }: Listener): readonly string[] {
  const schemes = groups.flatMap(({ triggers }) =>
    triggers.flatMap(({ proofs }) => proofs.map(({ scheme }) => scheme)),
  );
  return [...new Set(schemes)].filter((scheme) => knownProviders.has(scheme));
}

/** Codes of failed attempts: what a target answers, and what stands between it and the job. */
export const ATTEMPT_CODES: readonly ErrorCode[] = [
  ...(Object.keys(ERRORS) as ErrorCode[]).filter((code) => /^SLUICE_(CREATE|CLUSTER)_/.test(code)),
  "SLUICE_INTERNAL",
];

/** Codes with which deliveries to a listener are refused. */
export const REFUSAL_CODES: readonly ErrorCode[] = [
  ...(["SLUICE_UNVERIFIED", "SLUICE_PROOF_AWAY", "SLUICE_PROOF_BUDGET"] as const),
  ...(["SLUICE_BODY_NOT_JSON", "SLUICE_BODY_TOO_LARGE", "SLUICE_BODY_VALUES", "SLUICE_ENCODING"] as const),
  ...(["SLUICE_FORM", "SLUICE_SENDER_GONE", "SLUICE_SENDER_SLOW", "SLUICE_LISTENER_UNKNOWN"] as const),
  ...(["SLUICE_LISTENER_BROKEN", "SLUICE_LISTENER_BUSY", "SLUICE_LISTENER_EMPTY", "SLUICE_BUSY"] as const),
  ...(["SLUICE_STORE_AWAY", "SLUICE_STORE_FULL", "SLUICE_STORE_REFUSES", "SLUICE_STOPPING"] as const),
  ...(["SLUICE_UNPROVED_BYTES", "SLUICE_UNPROVED_RATE", "SLUICE_UNPROVED_ROOM"] as const),
];
