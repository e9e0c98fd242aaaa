/** Why a signature did not match, as far as the Secret tells: for the log line of a refused delivery, never for its sender. */

import type { ProofDemand } from "../core/interceptor.ts";
import type { Repair } from "../core/secret-quality.ts";
import { repairsOf, tellWeaknesses, weakKeys } from "../core/secret-quality.ts";
import type { SecretData } from "../core/secrets.ts";

export interface Attempt {
  readonly secret: NonNullable<ProofDemand["secret"]>;
  /** What the delivery was held against. */
  readonly data: SecretData | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Bytes that trying one more value hashes. */
  readonly size: number;
  /** True when the delivery would be proved by this value. */
  readonly proves: (value: Buffer) => boolean | Promise<boolean>;
}

export interface Diagnosis {
  /** Never rejects. Continues a refusal's reason: " The value of key token ends with a newline.", or is empty. */
  tell(attempt: Attempt): Promise<string>;
}

/** How often other values are tried for one Secret: a stranger must not double what refusing costs. */
const EVERY_MS = 60_000;
const LARGEST_BODY = 1024 * 1024;
const MOST_TRIALS = 8;
const MOST_REMEMBERED = 1_000;

/**
 * Names weak values of the Secret and, now and then, tries the delivery against what they were probably meant to be. A
 * match is a hint to operators; it proves no sender.
 */
export function createDiagnosis(): Diagnosis {
  const triedAt = new Map<string, number>();

  function mayTry({ secret, at, size }: Attempt): boolean {
    if (size > LARGEST_BODY) return false;
    const name = JSON.stringify([secret.namespace, secret.name, secret.key]);
    if (at < (triedAt.get(name) ?? Number.NEGATIVE_INFINITY) + EVERY_MS) return false;
    if (triedAt.size >= MOST_REMEMBERED) triedAt.clear();
    triedAt.set(name, at);
    return true;
  }

  return {
    async tell(attempt) {
      const { data, secret } = attempt;
      const weak = weakKeys(data, secret.key);
      if (weak.length === 0) return "";
      const said = weak.map(
        ({ key, weaknesses }) => ` The value of key ${key} ${tellWeaknesses(weaknesses)}.`,
      );
      const repairs = weak.flatMap(({ key }) => repairsOf(data?.get(key) ?? Buffer.alloc(0)));
      const right = repairs.length > 0 && mayTry(attempt) ? await firstProving(repairs, attempt) : undefined;
      return `${said.join("")}${right === undefined ? "" : ` The signature matches ${right.how}.`}`;
    },
  };
}

async function firstProving(repairs: readonly Repair[], { proves }: Attempt): Promise<Repair | undefined> {
  try {
    for (const repair of repairs.slice(0, MOST_TRIALS)) if (await proves(repair.value)) return repair;
  } catch {
    // The delivery is refused either way; a hint less is no reason for another answer.
  }
  return undefined;
}
