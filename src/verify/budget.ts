/** What checking MACs may cost for one delivery, and when the event loop gets its turn meanwhile. */

import { createHmac, createSecretKey, type Hmac, type KeyObject, timingSafeEqual } from "node:crypto";
import { HASH_BUDGET } from "../core/proof.ts";
import type { Algorithm } from "./hmac.ts";
import type { MacClaim } from "./scheme.ts";

/** What setting up one MAC costs, in bytes hashed in the same time. */
const SETUP = 8 * 1024;
/** Bytes that are hashed between two turns of the event loop. */
const SLICE = 1024 * 1024;
/** SHA-512 has no instructions of its own on most processors. */
const WEIGHT: Readonly<Record<Algorithm, number>> = { sha1: 1, sha256: 1, sha512: 2 };

/** One delivery's part. */
export interface Meter {
  /** Takes one MAC over bytes; false, and nothing taken, when that is too much. */
  take(claim: MacClaim, bytes: number): boolean;
  /** Takes further bytes for a MAC; likewise. */
  more(claim: MacClaim, bytes: number): boolean;
}

export function createMeter(limit = HASH_BUDGET): Meter {
  let left = limit;
  const pay = (price: number): boolean => {
    if (price > left) return false;
    left -= price;
    return true;
  };
  return {
    take: ({ algorithm }, bytes) => pay(SETUP + WEIGHT[algorithm] * bytes),
    more: ({ algorithm }, bytes) => pay(WEIGHT[algorithm] * bytes),
  };
}

/** Making a key of bytes costs as much as hashing 16 KB, and Secrets stay in memory as they were read. */
const keys = new WeakMap<Buffer, KeyObject>();

export function beginMac({ algorithm, before }: MacClaim, secret: Buffer): Hmac {
  let key = keys.get(secret);
  if (key === undefined) {
    key = createSecretKey(secret);
    keys.set(secret, key);
  }
  const mac = createHmac(algorithm, key);
  return before === "" ? mac : mac.update(before);
}

/** True when the MAC is one of those that the sender gave. */
export function endMac(mac: Hmac, { after, digests }: MacClaim): boolean {
  const right = (after === "" ? mac : mac.update(after)).digest();
  return digests.some((digest) => timingSafeEqual(digest, right));
}

/** Hashes one after the other, each slice by slice; others get the event loop between slices. */
export function createLane(): (claim: MacClaim, key: Buffer, body: Buffer) => Promise<boolean> {
  let last: Promise<unknown> = Promise.resolve();
  let sinceTurn = 0;

  async function hash(claim: MacClaim, key: Buffer, body: Buffer): Promise<boolean> {
    const mac = beginMac(claim, key);
    for (let at = 0; at < body.length; at += SLICE) {
      const slice = body.subarray(at, at + SLICE);
      mac.update(slice);
      sinceTurn += slice.length + SETUP;
      if (sinceTurn < SLICE) continue;
      sinceTurn = 0;
      await new Promise(setImmediate);
    }
    return endMac(mac, claim);
  }

  return (claim, key, body) => {
    const result = last.then(() => hash(claim, key, body));
    last = result.catch(() => undefined);
    return result;
  };
}
