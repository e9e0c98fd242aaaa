/** Facts: everything that can be reported. Stations state them; src/record turns them into log lines and metrics. */

import type { DecisionResult } from "./decision.ts";
import type { ObjectName } from "./delivery.ts";
import type { ErrorCode, SluiceError } from "./errors.ts";
import type { Attempt, CreateJob, Run } from "./job.ts";
import type { Outcome } from "./ledger.ts";
import type { RunProgress } from "./progress.ts";

export type Fact =
  | {
      readonly type: "delivery.accepted";
      readonly id: string;
      readonly listener: ObjectName;
      readonly provider: string;
      readonly event: string;
      readonly outcome: Outcome;
      readonly matched: number;
      readonly bytes: number;
      /** Milliseconds to durable storage: from the last byte of the request, or from the asking for a replay. */
      readonly took: number;
      readonly duplicateOf?: string;
      /** The delivery that is decided again: nobody sent this one. */
      readonly replayOf?: string;
    }
  | {
      readonly type: "delivery.refused";
      readonly listener?: ObjectName;
      readonly code: ErrorCode;
      readonly status: number;
      readonly reason: string;
      /** Where the connection came from. */
      readonly address?: string;
      /** As its headers say, which nobody has proved. */
      readonly provider?: string;
      readonly event?: string;
      /** Milliseconds from the last byte that was read of the request. */
      readonly took?: number;
    }
  | {
      /** Two webhooks send the same events to one listener; told once for each pair. */
      readonly type: "delivery.twins";
      readonly listener: ObjectName;
      readonly hooks: readonly [string, string];
    }
  | {
      readonly type: "decision.made";
      readonly delivery: string;
      readonly listener: ObjectName;
      readonly trigger: ObjectName;
      /** Of a trigger without a name: its listener and place. */
      readonly shown?: string;
      /** Nothing is told of a trigger that waits until it is decided. */
      readonly result: Exclude<DecisionResult, "waiting">;
      readonly reason: string;
      readonly code?: ErrorCode;
    }
  | {
      readonly type: "job.attempted";
      readonly job: CreateJob;
      readonly attempt: Attempt;
      /** Milliseconds between receipt of the delivery and the start of the attempt. */
      readonly waited: number;
    }
  | {
      readonly type: "run.created";
      readonly job: CreateJob;
      readonly run: Run;
      readonly sinceReceived: number;
    }
  | {
      /** The cluster has begun it; stated once for each run, by whichever gateway saw it first. */
      readonly type: "run.started";
      readonly job: CreateJob;
      readonly run: Run;
      readonly progress: RunProgress;
    }
  | {
      /** It is over, whether or not it ever started; stated once, as above. */
      readonly type: "run.finished";
      readonly job: CreateJob;
      readonly run: Run;
      readonly progress: RunProgress;
    }
  | {
      /** Of all gateways one follows runs and announces listeners: the one that holds the Lease. */
      readonly type: "leader.changed";
      readonly lease: string;
      readonly leading: boolean;
    }
  | {
      /** Something that is done in the cluster besides creating does not work; told when that begins. */
      readonly type: "cluster.trouble";
      readonly what: string;
      readonly error: SluiceError;
    }
  | { readonly type: "cluster.mended"; readonly what: string }
  | {
      readonly type: "catalog.loaded";
      readonly objects: number;
      readonly listeners: number;
      readonly triggers: number;
      /** What cannot be used, though the rest came into force. */
      readonly faults?: readonly SluiceError[];
      readonly took: number;
    }
  | {
      /** Files that cannot be read: what was read last stays in force, or nothing is. */
      readonly type: "catalog.broken";
      readonly faults: readonly SluiceError[];
      /** Whether something is in force. */
      readonly loaded: boolean;
    }
  | { readonly type: "store.away"; readonly reason: string }
  | { readonly type: "store.back" }
  | {
      /** The clock of this gateway, or of the store, is not believed: nothing is forgotten by it. Told when that begins. */
      readonly type: "clock.wrong";
      readonly error: SluiceError;
    }
  | { readonly type: "clock.right" }
  | {
      /** Deliveries that this gateway acknowledged are not in the store any more, and retention is not why. */
      readonly type: "store.forgot";
      readonly count: number;
      /** Ids of the first and the last of them, in the order in which they were acknowledged. */
      readonly first: string;
      readonly last: string;
      /** How many were looked for. */
      readonly looked: number;
    }
  | {
      /**
       * Something in the store is not believed, so nothing is done by it: it was changed, or this gateway cannot tell.
       * Of what is held for one reason it is told once a minute.
       */
      readonly type: "store.distrusted";
      readonly delivery: string;
      readonly error: SluiceError;
    }
  | {
      /** CloudEvents to a listener's cloudEventURI do not arrive; told when that begins. */
      readonly type: "subscriber.away";
      readonly listener: ObjectName;
      /** Without what grants access. */
      readonly url: string;
      readonly reason: string;
    }
  | {
      readonly type: "subscriber.back";
      readonly listener: ObjectName;
      readonly url: string;
      /** Milliseconds for which it was away. */
      readonly after: number;
      /** CloudEvents of this listener that were lost meanwhile. */
      readonly lost: number;
    }
  | {
      /** One that no subscriber got: it did not answer, too many were on their way, or the gateway stopped. */
      readonly type: "cloudevent.lost";
      readonly listener: ObjectName;
      readonly why: "away" | "busy" | "stopping";
    }
  | {
      /** Nothing is created until the target answers again: jobs wait, and none loses an attempt. */
      readonly type: "target.away";
      readonly target: string;
      readonly reason: string;
    }
  | {
      readonly type: "target.back";
      readonly target: string;
      /** Milliseconds for which it was away. */
      readonly after: number;
      /** How many others are away still; absent: none. */
      readonly stillAway?: number;
    }
  | {
      /** The webhook port presents another certificate from now on. */
      readonly type: "certificate.loaded";
      readonly subject: string;
      /** Milliseconds since the epoch at which it expires. */
      readonly until: number;
    }
  | { readonly type: "certificate.broken"; readonly error: SluiceError }
  | {
      /** What an operator has set has no effect here, and why. */
      readonly type: "setting.ignored";
      readonly error: SluiceError;
    }
  | {
      readonly type: "gateway.ready";
      /** URL of what the port is bound to, every address (0.0.0.0, [::]) included; empty for workers. */
      readonly listen: string;
      /** Likewise. */
      readonly admin: string;
      readonly store: string;
      readonly target: string;
      /** False where no state of the files is in force yet: every webhook is answered with 503. */
      readonly declared: boolean;
      /** `namespace/name` of each listener that is in force. */
      readonly listeners: readonly string[];
    }
  | {
      readonly type: "gateway.stopping";
      readonly reason: string;
      /** Milliseconds for which deliveries are still taken. */
      readonly lameDuckMs: number;
    }
  | {
      readonly type: "gateway.stopped";
      /** Milliseconds. */
      readonly took: number;
      /** Connections to the webhook port that were cut off when the grace was over. */
      readonly cut: number;
      /** False when something did not end in time: what it had in hand is taken over by others. */
      readonly inTime: boolean;
    }
  | {
      /** A person did something; of many deliveries at once it is told for each. */
      readonly type: "act.done";
      /** As in {@link Act}. */
      readonly verb: string;
      readonly subject: string;
      readonly actor: string;
      readonly reason?: string;
    }
  | { readonly type: "ledger.pruned"; readonly deliveries: number; readonly payloads: number }
  | { readonly type: "defect"; readonly where: string; readonly error: SluiceError };

/** States a fact. Never throws, never waits: a listener of facts can not break or delay what it hears about. */
export type Tell = (fact: Fact) => void;
