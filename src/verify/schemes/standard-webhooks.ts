/** Standard Webhooks, symmetric `v1`: id, time and body are signed. GitLab's signing tokens are the same. */

import { type HeaderMap, header } from "../../core/headers.ts";
import { FRESH_MS, isFresh, type TimeFault, timeFault } from "../freshness.ts";
import { digestOf } from "../hmac.ts";
import type { MacClaim, Scheme } from "../scheme.ts";

const PREFIX = "whsec_";
/** While keys are rotated, a sender may give several signatures. */
const MAX_SIGNATURES = 10;

export const standardWebhooks: Scheme = {
  provider: "the sender",
  places: ["header Webhook-Signature"],
  claims: ({ headers }, at) => signingClaims(headers, at),
  timeFault: ({ headers }, at) => signingTimeFault(headers, at),
};

/** What is wrong with the time of a signature; undefined where there is no signature. */
export function signingTimeFault(headers: HeaderMap, at: number): TimeFault | undefined {
  if (!header(headers, "Webhook-Signature")) return undefined;
  return timeFault(headers, at, { header: "Webhook-Timestamp", toleranceMs: FRESH_MS });
}

/**
 * What the headers claim, by
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @returns undefined without a signature.
 */
export function signingClaims(headers: HeaderMap, at: number): readonly MacClaim[] | undefined {
  const given = header(headers, "Webhook-Signature");
  if (!given) return undefined;
  const id = header(headers, "Webhook-Id") ?? "";
  const time = header(headers, "Webhook-Timestamp") ?? "";
  const digests = given.split(" ", MAX_SIGNATURES).flatMap((one) => {
    return one.startsWith("v1,") ? (digestOf("sha256", one.slice(3), "base64") ?? []) : [];
  });
  if (id === "" || digests.length === 0 || !isFresh(time, at)) return [];
  const before = `${id}.${time}.`;
  return [{ kind: "mac", algorithm: "sha256", before, after: "", digests, key: signingKey, signedId: id }];
}

/** True for a secret that signs, in the spelling of the specification. */
export function isSigningSecret(secret: Buffer): boolean {
  return secret.toString("latin1").startsWith(PREFIX);
}

/** The key of a secret in the spelling of the specification; undefined for any other. */
export function signingKey(secret: Buffer): Buffer | undefined {
  if (!isSigningSecret(secret)) return undefined;
  const key = Buffer.from(secret.toString("latin1").slice(PREFIX.length), "base64");
  return key.length === 0 ? undefined : key;
}
