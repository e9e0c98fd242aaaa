/** Identities that are functions of a delivery: job ids, object names, `$(uid)`. Repeating work repeats the name. */

import { hash, randomUUID } from "node:crypto";
import type { ObjectName } from "./delivery.ts";

/** A UUIDv7 (RFC 9562 §5.7): sorts by time of making. @param now milliseconds since the epoch. */
export function newDeliveryId(now: number): string {
  const time = now.toString(16).padStart(12, "0");
  // What follows the version digit of a random UUID is just what a v7 wants there; randomUUID keeps a pool of entropy.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/**
 * Id of the delivery that decides again what had failed of `first`: a function of it, so that of any number of
 * redeliveries at once only one is kept. Its time is the first one's.
 */
export function decidedAgainId(first: string): string {
  const made = digest("again", first).toString("hex");
  return `${first.slice(0, 13)}-7${made.slice(0, 3)}-8${made.slice(3, 6)}-${made.slice(6, 18)}`;
}

/**
 * Id of the delivery that keeps what `second` accepted and the delivery of its id that came first did not: a function
 * of it. Its time is that of `second`.
 */
export function restId(second: string): string {
  const made = digest("rest", second).toString("hex");
  return `${second.slice(0, 13)}-7${made.slice(0, 3)}-8${made.slice(3, 6)}-${made.slice(6, 18)}`;
}

/**
 * Id of the replay that an order of many makes of `first`: a function of both, so that an order which is taken up again
 * replays nothing twice. Its time is the order's.
 */
export function replayId(order: string, first: string): string {
  const made = digest("replay", order, first).toString("hex");
  return `${order.slice(0, 13)}-7${made.slice(0, 3)}-8${made.slice(3, 6)}-${made.slice(6, 18)}`;
}

/** Id of the create job of one trigger for one delivery. Contains no colon: BullMQ keeps that for itself. */
export function createJobId(delivery: string, trigger: ObjectName): string {
  return `${delivery}-${digest(trigger.namespace, trigger.name).toString("hex").slice(0, 12)}`;
}

/** The part of a create job's id that tells its trigger from others, whatever the delivery. */
export function triggerOfJob(jobId: string): string {
  return jobId.slice(jobId.lastIndexOf("-") + 1);
}

export function decideJobId(delivery: string): string {
  return `${delivery}-decide`;
}

/** `$(uid)` of one trigger for one delivery: a UUIDv8 (RFC 9562 §5.8) made of their hash. */
export function derivedUid(delivery: string, trigger: ObjectName): string {
  const bytes = digest("uid", delivery, trigger.namespace, trigger.name).subarray(0, 16);
  bytes[6] = 0x80 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  return uuid(bytes);
}

/** Longest name that every kind and every label value takes. */
const MAX_NAME = 63;
const SUFFIX = 10;

/**
 * What stands for a generateName: the prefix and ten characters from a hash of delivery, trigger and index. Fifty
 * bits: two of a million objects with one prefix meet with a chance of 1 in 2,000, and then the second is reported as
 * a conflict, not lost.
 *
 * @param index position of the resource template, from 0.
 */
export function derivedName(
  generateName: string,
  delivery: string,
  trigger: ObjectName,
  index: number,
): string {
  const bytes = digest("name", delivery, trigger.namespace, trigger.name, String(index));
  let suffix = "";
  for (let i = 0; i < SUFFIX; i++) suffix += alphabet[(bytes[i] as number) & 31];
  return generateName.slice(0, MAX_NAME - SUFFIX) + suffix;
}

// 32 signs that every Kubernetes name may hold.
const alphabet = "abcdefghijkmnpqrstuvwxyz23456789";

function digest(...parts: readonly string[]): Buffer {
  return hash("sha256", `${parts.join("\0")}\0`, "buffer");
}

function uuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
