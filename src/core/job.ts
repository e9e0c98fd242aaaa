/** A job: work that the queue carries from the gateway to a worker, and what became of it. */

import type { Delivery, ObjectName } from "./delivery.ts";
import type { ErrorCode, Retry } from "./errors.ts";
import { decideJobId } from "./identity.ts";
import type { JsonObject } from "./json.ts";

/** A Kubernetes object ready to be created: apiVersion, kind, metadata with name and namespace, labels. */
export type KubernetesObject = JsonObject & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject & { readonly name: string; readonly namespace?: string };
};

/** The rendered objects of one match. Its id is a function of delivery and trigger, so enqueueing twice is once. */
export interface CreateJob {
  readonly kind: "create";
  readonly id: string;
  readonly delivery: string;
  readonly listener: ObjectName;
  readonly trigger: ObjectName;
  /** The place of a trigger that has no name, for people. */
  readonly shown?: string;
  /** Milliseconds since the epoch at which the delivery was received; ages are counted from here. */
  readonly receivedAt: number;
  /** The trigger's own service account, in its namespace; without one the listener's counts. */
  readonly serviceAccount?: string;
  /** The listener's service account, in its namespace; `default` without one. */
  readonly listenerAccount?: string;
  /** The cluster that the template asks for, by the name that operators gave it; the gateway's own target without one. */
  readonly cluster?: string;
  readonly objects: readonly KubernetesObject[];
  /** The delivery that its own decides again. */
  readonly replayOf?: string;
  /**
   * Why the template's resources behind these gave no usable object: these are created, as in Tekton, and then the job
   * is dead with this reason. Absent: these are all.
   */
  readonly broken?: string;
  /** For a dead job that a person had tried again: when, and how many attempts there had been. */
  readonly reopened?: { readonly at: number; readonly attempts: number };
  /** Signature over all of it but `reopened`, by integrity.ts; absent where a gateway has no keys, as before 0.2. */
  readonly mac?: string;
}

/** The trigger of a job, for people. */
export function triggerOf({ trigger, shown }: Pick<CreateJob, "trigger" | "shown">): string {
  return shown ?? `${trigger.namespace}/${trigger.name}`;
}

/** A stored delivery that a worker has to decide, because its chain leaves this process. */
export interface DecideJob {
  readonly kind: "decide";
  readonly id: string;
  readonly delivery: string;
  readonly listener: ObjectName;
  readonly receivedAt: number;
}

/** The job that decides a delivery, or what waits of it: there is one, whoever makes it. */
export function decideJobFor({
  id,
  listener,
  receivedAt,
}: Pick<Delivery, "id" | "listener" | "receivedAt">): DecideJob {
  return { kind: "decide", id: decideJobId(id), delivery: id, listener, receivedAt };
}

export type Job = CreateJob | DecideJob;

/** One object that exists because of us: usually a PipelineRun. */
export interface Run {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Where it went: a cluster, or the file that holds it. */
  readonly where: string;
  /** `exists` when an earlier attempt had already created it. */
  readonly outcome: "created" | "exists";
  /** What the API server remarked when it took the object: fields that it dropped, versions that will go. */
  readonly warnings?: readonly string[];
}

/** What one try of a job came to. */
export interface Attempt {
  /** Counts from 1. */
  readonly number: number;
  readonly at: number;
  /** Milliseconds it took. */
  readonly took: number;
  readonly outcome: "done" | "retry" | "dead";
  readonly runs: readonly Run[];
  readonly code?: ErrorCode;
  readonly reason?: string;
  /** When the next try is due, for `retry`. */
  readonly nextAt?: number;
}

/** What a target says of one object. */
export type CreateAnswer =
  | { readonly outcome: "created" | "exists"; readonly run: Run }
  | {
      readonly outcome: "failed";
      readonly retry: Retry;
      readonly code: ErrorCode;
      readonly reason: string;
      /** From Retry-After, milliseconds. */
      readonly after?: number;
    };

/** Where objects are created: a Kubernetes API, a directory, or nowhere (dry run). */
export interface Target {
  /** For people: `kubernetes https://…`, `directory ./runs`. */
  readonly name: string;
  create(object: KubernetesObject, job: CreateJob): Promise<CreateAnswer>;
  /** Resolves when the target can be used. @throws SluiceError saying why not. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** A target as the gateway that creates there sees it. */
export interface TargetState extends Pick<Target, "name"> {
  /** The name that templates ask for; absent for the gateway's own target. */
  readonly cluster?: string;
  readonly away: boolean;
  /** Milliseconds since the epoch, while it is away. */
  readonly since?: number;
  readonly reason?: string;
}
