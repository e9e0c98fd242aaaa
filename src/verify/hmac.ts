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

/** @returns undefined for a text that is no digest of this algorithm in this encoding. */
export function digestOf(
  algorithm: Algorithm | undefined,
  text: string,
  encoding: "hex" | "base64",
): Buffer | undefined {
  const form = encoding === "hex" ? /^[0-9a-fA-F]{40,128}$/ : /^[A-Za-z0-9+/]{27,88}={0,2}$/;
  if (algorithm === undefined || !form.test(text)) return undefined;
  const digest = Buffer.from(text, encoding);
  return digest.length === SIZE[algorithm] ? digest : undefined;
}

/** Compares two secrets of any length; hashing both first hides how long the right one is. */
export function equalSecrets(a: Buffer, b: Buffer): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/**
 * The bytes that a header's text may stand for: Node hands header bytes over as Latin-1, test clients write Unicode.
 * Which of the two is tried does not depend on the secret.
 */
export function spellings(text: string): readonly Buffer[] {
  return [Buffer.from(text, "latin1"), Buffer.from(text, "utf8")];
}

/** True when a header's text is the secret, in either spelling. */
export function isSecret(text: string, secret: Buffer): boolean {
  return spellings(text).some((bytes) => equalSecrets(bytes, secret));
}
