/** What of a store is believed: jobs and records that this gateway's keys signed; where operators say so, unsigned ones. */

import type { Decision } from "./decision.ts";
import { fault, type SluiceError } from "./errors.ts";
import type { CreateJob } from "./job.ts";
import type { Keyring } from "./keyring.ts";

/** The keys of a store, and how they are used. */
export interface StoreKeys {
  readonly keyring: Keyring;
  /** Believes also what carries no signature, or that of an unknown key: after an upgrade, or when a key was lost. */
  readonly adopt: boolean;
  /** Whether bodies are encrypted from now on; what is encrypted is decrypted in any case. */
  readonly encrypt: boolean;
}

/** Decisions with their jobs signed. Without keys they stay as they are. */
export function signDecisions(
  keys: StoreKeys | undefined,
  decisions: readonly Decision[],
): readonly Decision[] {
  if (keys === undefined) return decisions;
  return decisions.map((decision) => {
    const { job } = decision;
    if (job === undefined || job.mac !== undefined) return decision;
    return { ...decision, job: { ...job, mac: keys.keyring.sign(textOf(job)) } };
  });
}

/** Why a job must not be worked on: as {@link judge}. */
export function judgeJob(keys: StoreKeys | undefined, job: CreateJob): SluiceError | undefined {
  return keys && judge(keys, { text: textOf(job), signature: job.mac }, `job ${job.id}`);
}

/** What a store holds, with the signature that it has of it. */
export interface Claimed {
  readonly text: string;
  /** Signed behind the text. */
  readonly bytes?: Uint8Array;
  readonly signature: string | undefined;
}

/**
 * Why something must not be believed; undefined where it may.
 *
 * @returns SLUICE_STORE_FORGED: it was changed, and never comes right; SLUICE_STORE_KEY, SLUICE_STORE_UNSIGNED: others
 *   may be able to tell, or an operator can.
 */
export function judge(
  { keyring, adopt }: StoreKeys,
  { text, bytes, signature }: Claimed,
  what: string,
): SluiceError | undefined {
  switch (keyring.check(text, signature, bytes)) {
    case "held":
      return undefined;
    case "forged":
      return forged(what);
    case "unknown":
      return adopt ? undefined : unknownKey(keyring, what, signature?.split(".")[0]);
    case "unsigned":
      return adopt ? undefined : fault("SLUICE_STORE_UNSIGNED", { what });
  }
}

export function forged(what: string): SluiceError {
  return fault("SLUICE_STORE_FORGED", { what });
}

/** @param key the fingerprint, which strangers to the keys may have written. */
export function unknownKey(keyring: Keyring | undefined, what: string, key = ""): SluiceError {
  const shown = /^[0-9a-f]{8}$/.test(key) ? key : "of no known form";
  return fault("SLUICE_STORE_KEY", { what, key: shown, known: keyring?.ids.join(", ") ?? "none" });
}

/** True for the faults of this file: what they are about is not believed. */
export function isDistrust({ code }: SluiceError): boolean {
  return code === "SLUICE_STORE_FORGED" || code === "SLUICE_STORE_KEY" || code === "SLUICE_STORE_UNSIGNED";
}

/**
 * What of a job is signed: all but the signature itself, and how patient its tries are, which changes. JSON comes out of
 * a store as it went in, keys in their order.
 */
function textOf({ mac: _, reopened: __, ...job }: CreateJob): string {
  return `job ${JSON.stringify(job)}`;
}
