/** The ledger port: every delivery, what was decided, what was created; the place where the conservation law is proved. */

import type { Act, ActNote, KeptBatch } from "./act.ts";
import type { Decision, LateDecision } from "./decision.ts";
import type { Delivery, ObjectName } from "./delivery.ts";
import type { HeaderMap } from "./headers.ts";
import type { Attempt, CreateJob } from "./job.ts";
import type { Followed, FollowedRun, OpenRun, RunName, RunProgress } from "./progress.ts";
import type { DeliveryFacts } from "./provider.ts";
import type { RetentionPolicy } from "./retention.ts";

export type { Act, ActNote, KeptBatch } from "./act.ts";

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
export interface DeliverySummary extends DeliveryFacts {
  readonly id: string;
  readonly listener: ObjectName;
  readonly receivedAt: number;
  readonly outcome: Outcome;
  /** How the sender was proved: a scheme's name, or `none` where that was spelled out. */
  readonly proof: string;
  /** Bytes of the body. */
  readonly size: number;
  readonly replayOf?: string;
  /** For duplicates: the delivery that came first. */
  readonly duplicateOf?: string;
  /** For replays: who asked for it, and why. */
  readonly note?: ActNote;
  /** For dead ones that need nobody any more: who said so, when and why; `by`: the replay that did what had failed. */
  readonly dropped?: ActNote & { readonly at: number; readonly by?: string };
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
  readonly runs: readonly FollowedRun[];
}

/** Everything about one delivery except its payload. */
export interface DeliveryRecord extends DeliverySummary {
  readonly method: string;
  readonly url: string;
  /** Sensitive values are masked. */
  readonly headers: HeaderMap;
  /**
   * SHA-256 of the body, hexadecimal, of a delivery that proved nothing and that no trigger accepted, or none yet: its
   * body is not kept, or only until it is decided.
   */
  readonly digest?: string;
  /** Empty while a worker has still to decide for all triggers. Without their jobs: those are in `jobs`. */
  readonly decisions: readonly Omit<Decision, "job">[];
  /** False while a worker has still to decide, be it for one trigger only. */
  readonly decided: boolean;
  readonly jobs: readonly JobRecord[];
}

/** A delivery that was kept, with what had proved its sender. */
export interface StoredDelivery extends Delivery {
  readonly proof: string;
}

/** What accept hands over. `decisions` is undefined when a worker has to decide. */
export interface NewDelivery {
  readonly delivery: Delivery;
  readonly facts: DeliveryFacts & Pick<DeliverySummary, "proof">;
  readonly decisions: readonly Decision[] | undefined;
  /** SHA-256 of the body, where the record is to have it; see {@link DeliveryRecord}. */
  readonly digest?: string;
  /** False where the body is not to be kept; true by default. */
  readonly keepsBody?: boolean;
  /** Who asked for a replay, and why; `delivery.replayOf` says of what. */
  readonly note?: ActNote;
  /** What this delivery claims within its listener; undefined: nothing, and it is no duplicate of anything. */
  readonly dedupeKey?: string;
}

/** `duplicate` names the delivery that came first and what has become of it. */
export type AcceptResult =
  | { readonly kind: "accepted" }
  | { readonly kind: "duplicate"; readonly of: string; readonly outcome: Outcome };

/** All conditions must hold; texts are compared whole, except `revision` and `text`. */
export interface DeliveryFilter {
  readonly outcome?: Outcome;
  readonly namespace?: string;
  /** `name` or `namespace/name`. */
  readonly listener?: string;
  readonly provider?: string;
  readonly event?: string;
  readonly repository?: string;
  /** A trigger that matched or failed: `name` or `namespace/name`. */
  readonly trigger?: string;
  /** A trigger that was asked and did not fire: `name` or `namespace/name`. Summaries say why it did not. */
  readonly notFired?: string;
  readonly ref?: string;
  /** A revision, or the beginning of one (7 signs or more). */
  readonly revision?: string;
  readonly pullRequest?: number;
  readonly actor?: string;
  readonly providerId?: string;
  /** An object that was created: `name` or `namespace/name`. */
  readonly object?: string;
  /** Deliveries that are replays of this one. */
  readonly replayOf?: string;
  /** Words that stand, in any case, somewhere in the summary. */
  readonly text?: string;
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
  /** Ids of pending jobs that the queue does not hold yet, where it was asked: the next sweep brings them there. */
  readonly unqueued?: readonly string[];
}

/** Dead letters of one cause: code and reason with what differs from one to the next taken out. */
export interface DeadGroup {
  readonly fingerprint: string;
  readonly code: string;
  /** The reason of the latest. */
  readonly reason: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The newest, at most 10; and how many of all have no body any more, so that they cannot be replayed. */
  readonly deliveries: readonly string[];
  readonly bodiesGone?: number;
}

export interface Ledger {
  /**
   * Writes a delivery with its decisions and pending jobs, on durable storage when it resolves. Atomic with the
   * duplicate check: of any number of concurrent calls with one dedupeKey, exactly one is accepted; the others leave a
   * small record with outcome `duplicate`. A claim whose holder was filtered in the end is void: the next one takes it.
   */
  accept(delivery: NewDelivery): Promise<AcceptResult>;
  /**
   * Claims a dedupe key for a stored delivery, as {@link accept} does for a new one. Doing it twice changes nothing.
   *
   * @returns the id of the delivery that holds the key: this one, or the one that came first.
   */
  claim(delivery: Pick<Delivery, "id" | "listener">, dedupeKey: string): Promise<string>;
  /** Adds the decisions that a worker made. Doing it twice changes nothing. */
  decide(id: string, decisions: readonly Decision[]): Promise<void>;
  /**
   * Puts decisions in the place of those that wait. What does not wait (any more) stays as it is, so doing it twice
   * changes nothing, and of two workers that decide for one trigger the first one's word counts.
   */
  decideLate(id: string, late: readonly LateDecision[]): Promise<void>;
  /** Records one try of a job. Doing it twice for the same attempt number changes nothing. */
  attempt(job: CreateJob, attempt: Attempt): Promise<void>;
  /**
   * Records what has become of a run. It only goes on, from started to ended: what is told twice, or late, changes
   * nothing.
   *
   * @returns undefined when this delivery has made no such run, or its attempt is not recorded yet.
   */
  follow(delivery: string, run: RunName, progress: RunProgress): Promise<Followed | undefined>;
  /** The runs that have started and not ended, as far as anybody told; in no order. */
  running(page: { readonly limit: number; readonly cursor?: string }): Promise<Page<OpenRun>>;
  find(id: string): Promise<DeliveryRecord | undefined>;
  /**
   * The delivery as it arrived (headers masked), to be decided again; undefined when unknown or no longer kept.
   *
   * @throws SluiceError SLUICE_STORE_FORGED, SLUICE_STORE_KEY, SLUICE_STORE_UNSIGNED where it is not believed.
   */
  load(id: string): Promise<StoredDelivery | undefined>;
  /** Forgets the body of a delivery that is not pending; what is not there is no fault. */
  forgetBody(id: string): Promise<void>;
  /** What is kept now, in bytes: in all, and of unproved deliveries to a listener where one is named. */
  usage(listener?: ObjectName): Promise<{ readonly bytes: number; readonly unproved: number }>;
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
  /** How many deliveries match. */
  count(filter: DeliveryFilter): Promise<number>;
  /** Dead letters by cause, the most frequent first; dropped ones are left out. */
  deadGroups(filter?: DeliveryFilter): Promise<readonly DeadGroup[]>;
  /** Ids of the dead letters of a group, newest first; pages as {@link list}. */
  deadOf(
    fingerprint: string,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<string>>;
  /**
   * Makes the dead jobs of a delivery pending again, for the queue to try: same names, attempts counted on.
   *
   * @param at milliseconds since the epoch: from here the patience of retries counts anew.
   * @param only ids of the jobs that may be reopened; all by default.
   * @returns the jobs to enqueue; empty when nothing of it is dead (failed decisions have no job: replay those).
   */
  reopen(id: string, at: number, only?: ReadonlySet<string>): Promise<readonly CreateJob[]>;
  /** Says that a dead delivery needs nobody any more. It stays dead in the audit. */
  drop(id: string, act: Act): Promise<void>;
  record(act: Act): Promise<void>;
  /** Keeps an order as it stands now; of one id the latest word counts. Orders before the latest 50 are forgotten. */
  keepBatch(batch: KeptBatch): Promise<void>;
  /** Newest first. */
  batches(): Promise<readonly KeptBatch[]>;
  /** The latest word of one order. */
  batch(id: string): Promise<KeptBatch | undefined>;
  /** Newest first. */
  acts(page: { readonly limit: number; readonly cursor?: string }): Promise<Page<Act>>;
  /**
   * Forgets what the policy lets go, at most `limit` deliveries; the counters follow.
   *
   * @param now milliseconds since the epoch; where the storage's own clock is behind that, its clock counts.
   */
  prune(
    policy: RetentionPolicy,
    now: number,
    limit: number,
  ): Promise<{ readonly deliveries: number; readonly payloads: number }>;
  /** The latest time known here: when {@link prune} was last asked, else when the newest delivery came. */
  highWater(): Promise<number | undefined>;
  /** Which of these accepted deliveries are not there, though retention cannot have forgotten them. */
  missing(ids: readonly string[]): Promise<readonly string[]>;
  /** Resolves when the storage has taken a small write. @throws SluiceError, a trouble of core/trouble.ts. */
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

/** A stored delivery that has still to be decided, for all of its triggers or for those that wait. */
export interface ObjectNameAndId {
  readonly id: string;
  readonly listener: ObjectName;
  readonly receivedAt: number;
}
