/** The ledger port: every delivery, what was decided, what was created; the place where the conservation law is proved. */

import type { Decision } from "./decision.ts";
import type { Delivery, ObjectName } from "./delivery.ts";
import type { HeaderMap } from "./headers.ts";
import type { Attempt, CreateJob, Run } from "./job.ts";

/** The five classes of the conservation law: accepted = created + filtered + duplicate + dead + pending. */
export type Outcome = "created" | "filtered" | "duplicate" | "dead" | "pending";
export const OUTCOMES = [
  "created",
  "filtered",
  "duplicate",
  "dead",
  "pending",
] as const satisfies readonly Outcome[];

/** What lists show and searches use. Fields of the event are taken from well-known places of the payload, when there. */
export interface DeliverySummary {
  readonly id: string;
  readonly listener: ObjectName;
  readonly receivedAt: number;
  readonly outcome: Outcome;
  /** `github`, `gitlab`, …, `cloudevents`, `generic`. */
  readonly provider: string;
  /** The provider's event name with its action: `pull_request.opened`. */
  readonly event: string;
  /** The provider's own delivery id. */
  readonly providerId?: string;
  readonly repository?: string;
  readonly ref?: string;
  readonly revision?: string;
  readonly pullRequest?: number;
  readonly actor?: string;
  /** How the sender was proved: a scheme's name, or `none` where that was spelled out. */
  readonly proof: string;
  /** Bytes of the body. */
  readonly size: number;
  readonly replayOf?: string;
  /** For duplicates: the delivery that came first. */
  readonly duplicateOf?: string;
  /** One line: what happened, or why nothing did. */
  readonly reason: string;
  /** Names of the created objects as `Kind namespace/name`, at most 20. */
  readonly runs: readonly string[];
}

/** A job as the ledger remembers it. */
export interface JobRecord {
  readonly job: CreateJob;
  readonly state: "pending" | "created" | "dead";
  readonly attempts: readonly Attempt[];
  readonly runs: readonly Run[];
}

/** Everything about one delivery except its payload. */
export interface DeliveryRecord extends DeliverySummary {
  readonly method: string;
  readonly url: string;
  /** Sensitive values are masked. */
  readonly headers: HeaderMap;
  /** Empty while a worker has still to decide. Without their jobs: those are in `jobs`. */
  readonly decisions: readonly Omit<Decision, "job">[];
  /** False while a worker has still to decide. */
  readonly decided: boolean;
  readonly jobs: readonly JobRecord[];
}

/** What accept hands over. `decisions` is undefined when a worker has to decide. */
export interface NewDelivery {
  readonly delivery: Delivery;
  readonly facts: Pick<
    DeliverySummary,
    | "provider"
    | "event"
    | "providerId"
    | "repository"
    | "ref"
    | "revision"
    | "pullRequest"
    | "actor"
    | "proof"
  >;
  readonly decisions: readonly Decision[] | undefined;
  /** The provider's stable id within the listener; undefined switches duplicate detection off for this delivery. */
  readonly dedupeKey?: string;
}

/** `duplicate` names the delivery that came first and what has become of it. */
export type AcceptResult =
  | { readonly kind: "accepted" }
  | { readonly kind: "duplicate"; readonly of: string; readonly outcome: Outcome };

export interface DeliveryFilter {
  readonly outcome?: Outcome;
  readonly namespace?: string;
  readonly listener?: string;
  readonly provider?: string;
  readonly event?: string;
  readonly repository?: string;
  /** Milliseconds since the epoch, inclusive. */
  readonly since?: number;
  /** Milliseconds since the epoch, exclusive. */
  readonly until?: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Pass it back for the next page; undefined at the end. */
  readonly next?: string;
}

/** The conservation law, counted from the records themselves. */
export interface Audit {
  readonly accepted: number;
  readonly created: number;
  readonly filtered: number;
  readonly duplicate: number;
  readonly dead: number;
  readonly pending: number;
  /** Objects created, over all deliveries. */
  readonly runs: number;
  /** Ids of pending create jobs, and of deliveries that wait for a decision: the queue must hold each. */
  readonly pendingJobs: readonly string[];
  /** What does not add up, in words; empty when the law holds. */
  readonly violations: readonly string[];
}

export interface Ledger {
  /**
   * Writes a delivery with its decisions and pending jobs, on durable storage when it resolves. Atomic with the
   * duplicate check: of any number of concurrent calls with one dedupeKey, exactly one is accepted; the others leave a
   * small record with outcome `duplicate`.
   */
  accept(delivery: NewDelivery): Promise<AcceptResult>;
  /** Adds the decisions that a worker made. Doing it twice changes nothing. */
  decide(id: string, decisions: readonly Decision[]): Promise<void>;
  /** Records one try of a job. Doing it twice for the same attempt number changes nothing. */
  attempt(job: CreateJob, attempt: Attempt): Promise<void>;
  find(id: string): Promise<DeliveryRecord | undefined>;
  /** The delivery as it arrived (headers masked), to be decided again; undefined when unknown or no longer kept. */
  load(id: string): Promise<Delivery | undefined>;
  /** Newest first. */
  list(
    filter: DeliveryFilter,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<DeliverySummary>>;
  /**
   * What should be in the queue: the pending work of deliveries received before `before`, oldest first.
   *
   * @param page.limit deliveries of one page; a delivery's jobs stay together.
   */
  pending(before: number, page: { readonly limit: number; readonly cursor?: string }): Promise<PendingWork>;
  audit(): Promise<Audit>;
  /** Resolves when the storage answers. @throws SluiceError SLUICE_STORE_AWAY. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A page of work that the queue should hold. */
export interface PendingWork {
  /** Deliveries to decide. */
  readonly undecided: readonly ObjectNameAndId[];
  readonly jobs: readonly CreateJob[];
  /** Pass it back for the next page; undefined at the end. */
  readonly next?: string;
}

/** A stored delivery that nobody has decided yet. */
export interface ObjectNameAndId {
  readonly id: string;
  readonly listener: ObjectName;
  readonly receivedAt: number;
}
