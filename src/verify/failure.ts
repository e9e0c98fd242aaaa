/** Why a proof failed: as a value, in words for the person on call. */

import type { ErrorCode, SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import type { ProofDemand } from "../core/interceptor.ts";
import { HASH_BUDGET } from "../core/proof.ts";
import type { Claim, Scheme } from "./scheme.ts";

export interface ProofFailure {
  readonly ok: false;
  readonly code: ErrorCode;
  /** For the person on call: what is wrong and how to mend it. Names the Secret, never its value. */
  readonly reason: string;
  /** Where the proof should have been: `header X-Gitlab-Token`. */
  readonly place: string;
  /** The secret could not be read just now: asking again may come out otherwise. */
  readonly transient?: boolean;
  readonly error: SluiceError;
  /** What of the Secret explains it, for the log alone; "" where nothing does. Asked for only when all is refused. */
  readonly diagnose?: () => Promise<string>;
}

/** What came of all claims: one that holds, or why not. */
export interface Answer {
  readonly claim?: Claim;
  readonly refutedBy?: string;
  /** Some secrets were left out: the body is too large for so many. */
  readonly untried?: true;
}

export function refuted(
  scheme: Scheme,
  demand: ProofDemand,
  { refutedBy, untried: left }: Answer,
): SluiceError {
  if (left) return fault("SLUICE_PROOF_BUDGET", { budget: String(HASH_BUDGET), secret: secretOf(demand) });
  if (refutedBy === undefined) return wrong(scheme, demand);
  return fault("SLUICE_PROOF_REFUTED", { place: scheme.places[0], reason: refutedBy });
}

export function wrong({ places }: Scheme, demand: ProofDemand): SluiceError {
  return fault("SLUICE_SIGNATURE_WRONG", { place: places.join(" or "), secret: secretOf(demand) });
}

export function missing(scheme: Scheme, demand: ProofDemand): ProofFailure {
  const { places, provider } = scheme;
  const place = places.join(" or ");
  const error =
    demand.secret === undefined
      ? fault("SLUICE_PROOF_MISSING", { place, provider })
      : fault("SLUICE_SIGNATURE_MISSING", { place, provider, secret: secretOf(demand) });
  return failure(error, scheme);
}

export function unknownScheme({ scheme }: ProofDemand): ProofFailure {
  return failure(fault("SLUICE_UNVERIFIED", { reason: `no scheme is called ${scheme}` }), undefined);
}

function secretOf({ secret }: ProofDemand): string {
  return secret === undefined ? "none" : `${secret.namespace}/${secret.name}`;
}

export function failure(error: SluiceError, scheme: Scheme | undefined): ProofFailure {
  return {
    ok: false,
    code: error.code,
    reason: `${error.message}. ${error.fix}`,
    place: scheme?.places[0] ?? "",
    ...(error.retry === "soon" ? { transient: true } : {}),
    error,
  };
}
