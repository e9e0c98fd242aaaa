/** The Lease object of coordination.k8s.io/v1, read and written. */

import { isJsonObject, type JsonObject, tryParseJson } from "../core/json.ts";
import { microTime } from "./write.ts";

export interface LeaseObject {
  /** Of the whole object, for optimistic concurrency. */
  readonly resourceVersion: string;
  /** Empty when nobody holds it. */
  readonly holder: string;
  readonly durationMs: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly transitions: number;
  /** Kept as it is: labels and annotations are the operator's. */
  readonly metadata: JsonObject;
}

export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

/** Of the Lease, or of the collection it is created in. */
export function leasePath({ namespace, name }: LeaseName, collection = false): string {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  return collection ? path : `${path}/${name}`;
}

/** @returns undefined for what is no Lease; fields that are missing or of another type count as unset. */
export function readLease(body: string): LeaseObject | undefined {
  const document = tryParseJson(body);
  if (!isJsonObject(document) || !isJsonObject(document.metadata)) return undefined;
  const { metadata } = document;
  const spec = isJsonObject(document.spec) ? document.spec : {};
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const count = (value: unknown) => (typeof value === "number" && value > 0 ? value : 0);
  return {
    resourceVersion: text(metadata.resourceVersion),
    holder: text(spec.holderIdentity),
    durationMs: count(spec.leaseDurationSeconds) * 1_000,
    acquireTime: text(spec.acquireTime),
    renewTime: text(spec.renewTime),
    transitions: count(spec.leaseTransitions),
    metadata,
  };
}

/** What changes whenever somebody takes, renews or gives back: equal text means that nobody did. */
export function specOf({ holder, durationMs, acquireTime, renewTime, transitions }: LeaseObject): string {
  return JSON.stringify([holder, durationMs, acquireTime, renewTime, transitions]);
}

export function isHeldBy({ holder }: LeaseObject, identity: string): boolean {
  return holder === identity;
}

export interface LeaseText extends LeaseName {
  /** Empty gives it back. */
  readonly identity: string;
  /** What is there now; undefined when nothing is. */
  readonly before: LeaseObject | undefined;
  readonly durationMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The object as JSON text; with the resourceVersion of what it replaces, so that of two writers one is refused. */
export function leaseText({ namespace, name, identity, before, durationMs, now }: LeaseText): string {
  const time = microTime(now);
  const ours = before?.holder === identity;
  const spec = {
    holderIdentity: identity,
    leaseDurationSeconds: Math.max(1, Math.ceil(durationMs / 1_000)),
    acquireTime: ours ? before.acquireTime || time : time,
    renewTime: time,
    leaseTransitions: before === undefined ? 0 : before.transitions + (ours || identity === "" ? 0 : 1),
  };
  const metadata = before?.metadata ?? {
    namespace,
    name,
    labels: { "app.kubernetes.io/managed-by": "sluice" },
  };
  return JSON.stringify({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec });
}
