/** One delivery while it arrives: MACs are computed chunk by chunk, so that at its end little is left to do. */

import type { Hmac } from "node:crypto";
import type { RequestHead } from "../core/delivery.ts";
import { header } from "../core/headers.ts";
import type { ProofDemand } from "../core/interceptor.ts";
import { type Secrets, validValues } from "../core/secrets.ts";
import { beginMac, createLane, createMeter, endMac } from "./budget.ts";
import type { Claim, MacClaim, Scheme } from "./scheme.ts";
import { schemeOf } from "./schemes.ts";

/** MACs that are computed while a body arrives; those of further secrets follow when it is there, with pauses. */
const MAX_STREAMS = 32;
/** The same where the head does not say how large the body will be: as many as the largest one allows. */
const MAX_BLIND_STREAMS = 8;

export interface Session {
  readonly head: RequestHead;
  /** When the request began to arrive, milliseconds since the epoch. */
  readonly at: number;
  /** What the head claims by a scheme; undefined for nothing at all. */
  claims(scheme: Scheme): readonly Claim[] | undefined;
  update(chunk: Buffer): void;
  /**
   * Whether a claim is right under a secret; undefined where that would cost more than one delivery may.
   *
   * @param body all of it.
   */
  holds(claim: MacClaim, secret: Buffer, body: Buffer): Promise<boolean> | boolean | undefined;
}

interface Stream {
  readonly claim: MacClaim;
  readonly secret: Buffer;
  readonly mac: Hmac;
  /** Once digested, a MAC cannot be asked again. */
  answer?: boolean;
}

/**
 * @param demands whose MACs are begun at once, the likely ones first: for those Secrets that need not be read.
 * @param at when the request began to arrive, milliseconds since the epoch.
 */
export function openSession(
  head: RequestHead,
  demands: readonly ProofDemand[],
  secrets: Pick<Secrets, "peek">,
  at: number,
): Session {
  const claimed = new Map<Scheme, readonly Claim[] | undefined>();
  const meter = createMeter();
  const lane = createLane();
  let streams: readonly Stream[] = [];

  function claims(scheme: Scheme): readonly Claim[] | undefined {
    if (!claimed.has(scheme)) claimed.set(scheme, scheme.claims(head, at));
    return claimed.get(scheme);
  }

  const length = Number(header(head.headers, "Content-Length"));
  const announced = Number.isSafeInteger(length) && length > 0 ? length : 0;
  const most = announced > 0 ? MAX_STREAMS : MAX_BLIND_STREAMS;
  if (demands.length > 0) streams = begin();

  function begin(): readonly Stream[] {
    const begun: Stream[] = [];
    for (const demand of demands) {
      const scheme = schemeOf(demand);
      for (const claim of (scheme && claims(scheme)) ?? []) {
        if (claim.kind !== "mac") continue;
        for (const secret of peeked(demand, secrets)) {
          if (begun.length === most) return begun;
          const key = claim.key(secret);
          if (key === undefined || !meter.take(claim, announced)) continue;
          begun.push({ claim, secret, mac: beginMac(claim, key) });
        }
      }
    }
    return begun;
  }

  let arrived = 0;
  function update(chunk: Buffer): void {
    arrived += chunk.length;
    // What was announced is paid; of a body that announces nothing, the last streams end when the budget does.
    if (arrived > announced && streams.length > 0) {
      streams = streams.filter(({ claim }) => meter.more(claim, chunk.length));
    }
    for (const { mac } of streams) mac.update(chunk);
  }

  return {
    head,
    at,
    claims,
    update,
    holds(claim, secret, body) {
      const stream = streams.find((one) => one.claim === claim && one.secret.equals(secret));
      if (stream !== undefined && arrived === body.length) {
        stream.answer ??= endMac(stream.mac, claim);
        return stream.answer;
      }
      const key = claim.key(secret);
      if (key === undefined) return false;
      return meter.take(claim, body.length) ? lane(claim, key, body) : undefined;
    },
  };
}

function peeked({ secret }: ProofDemand, secrets: Pick<Secrets, "peek">): readonly Buffer[] {
  return secret === undefined
    ? []
    : validValues(secrets.peek(secret.namespace, secret.name) ?? null, secret.key);
}
