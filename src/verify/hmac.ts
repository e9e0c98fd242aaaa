/** MACs taken apart and compared, so that the time taken tells nothing about the secret. */

import { createHash, timingSafeEqual } from "node:crypto";

export type Algorithm = "sha1" | "sha256" | "sha512";

/** Bytes of a digest. */
export const SIZE: Readonly<Record<Algorithm, number>> = { sha1: 20, sha256: 32, sha512: 64 };

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
  const digest = algorithm && hex === undefined ? undefined : digestOf(algorithm, hex ?? "", "hex");
  return algorithm === undefined || digest === undefined ? undefined : { algorithm, digest };
}

/**
 * A digest as a sender wrote it. One spelling only: hexadecimal digits in either case, or base64 with its padding.
 *
 * @returns undefined for a text that is no digest of this algorithm in this encoding.
 */
export function digestOf(
  algorithm: Algorithm | undefined,
  text: string,
  encoding: "hex" | "base64",
): Buffer | undefined {
  if (algorithm === undefined || text.length > MAX_DIGEST_TEXT) return undefined;
  // Node reads as far as it can: what it left out shows when the bytes are written again.
  const digest = Buffer.from(text, encoding);
  const isWhole = digest.toString(encoding) === (encoding === "hex" ? text.toLowerCase() : text);
  return isWhole && digest.length === SIZE[algorithm] ? digest : undefined;
}

/** Characters of a SHA-512 in hexadecimal digits. */
const MAX_DIGEST_TEXT = 128;

/** Compares two secrets of any length; hashing both first hides how long the right one is. */
export function equalSecrets(a: Buffer, b: Buffer): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** True when a header's text is the secret. Header values are read as UTF-8, so their bytes are those of the text. */
export function isSecret(text: string, secret: Buffer): boolean {
  return equalSecrets(Buffer.from(text), secret);
}
