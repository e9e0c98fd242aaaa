/** HMACs over raw bytes, compared so that the time taken tells nothing about the secret. */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export type Algorithm = "sha1" | "sha256" | "sha512";

/** Bytes of a digest. */
const SIZE: Readonly<Record<Algorithm, number>> = { sha1: 20, sha256: 32, sha512: 64 };

/** A claim of the form `sha256=<hex>`, taken apart. */
export interface HashClaim {
  readonly algorithm: Algorithm;
  readonly digest: Buffer;
}

/**
 * Takes `<algorithm>=<hex>` apart.
 *
 * @param allowed algorithms that count; the sender must not be free to choose a weaker one.
 * @returns undefined for any other form, another algorithm, or a digest of the wrong length.
 */
export function parseHashClaim(value: string, allowed: readonly Algorithm[]): HashClaim | undefined {
  const [, name, hex] = /^(sha1|sha256|sha512)=([0-9a-fA-F]{40,128})$/.exec(value) ?? [];
  const algorithm = allowed.find((known) => known === name);
  if (algorithm === undefined || hex === undefined || hex.length !== SIZE[algorithm] * 2) return undefined;
  return { algorithm, digest: Buffer.from(hex, "hex") };
}

/** True when `claim` is the HMAC of the bytes under one of the secrets. */
export function hmacHolds(claim: HashClaim, bytes: Buffer, secrets: readonly Buffer[]): boolean {
  return secrets.some((secret) =>
    timingSafeEqual(createHmac(claim.algorithm, secret).update(bytes).digest(), claim.digest),
  );
}

/** Compares two secrets of any length; hashing both first hides how long the right one is. */
export function equalSecrets(a: Buffer, b: Buffer): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
