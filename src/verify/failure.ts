/** Why a proof failed: as a value, in words for the person on call. */

import type { RequestHead } from "../core/delivery.ts";
import type { ErrorCode, SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import { header } from "../core/headers.ts";
import type { ProofDemand } from "../core/interceptor.ts";
import { HASH_BUDGET } from "../core/proof.ts";
import type { TimeFault } from "./freshness.ts";
import { mistaken } from "./mistaken.ts";
import type { Claim, Scheme } from "./scheme.ts";
import type { Session } from "./session.ts";

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

/** What was judged: a scheme's claims in one request. */
export type Judged = Pick<Session, "head" | "at" | "claims">;

export function refuted(
  scheme: Scheme,
  demand: ProofDemand,
  judged: Judged,
  { refutedBy, untried: left }: Answer,
): SluiceError {
  if (left) return fault("SLUICE_PROOF_BUDGET", { budget: String(HASH_BUDGET), secret: secretOf(demand) });
  if (refutedBy === undefined) return wrong(scheme, demand, judged);
  return fault("SLUICE_PROOF_REFUTED", { place: scheme.places[0], reason: refutedBy });
}

export function wrong(scheme: Scheme, demand: ProofDemand, { head, at, claims }: Judged): SluiceError {
  const place = presentPlaces(scheme, head).join(" or ");
  const time = scheme.timeFault?.(head, at);
  if (time !== undefined) return untimely(time, place, scheme, demand);
  const secret = secretOf(demand);
  const known = claims(scheme) ?? [];
  // A value that is compared says nothing of the body.
  if (known.length > 0 && known.every(({ kind }) => kind === "token"))
    return fault("SLUICE_SIGNATURE_WRONG", {
      place,
      secret,
      differs: "is not the value of",
      cure: TOKEN_CURE,
    });
  return fault("SLUICE_SIGNATURE_WRONG", { place, secret, differs: "does not match the body under" });
}

const TOKEN_CURE = "The sender has another value: compare the two, with white space and line ends.";

function untimely(time: TimeFault, place: string, { provider }: Scheme, demand: ProofDemand): SluiceError {
  if (time.kind === "missing")
    return fault("SLUICE_PROOF_MISSING", { place: time.place, provider, secret: secretOf(demand) });
  if (time.kind === "unreadable")
    return fault("SLUICE_PROOF_REFUTED", { place: time.place, reason: time.reason });
  const { off, direction, allowed, place: header } = time;
  return fault("SLUICE_PROOF_STALE", { place, time: header, off: String(off), direction, allowed });
}

/** The headers of a scheme that a request has, of those that may hold its proof; all of them where it has none. */
function presentPlaces({ places }: Scheme, { headers }: RequestHead): readonly string[] {
  const present = places.filter(
    (place) => !place.startsWith("header ") || header(headers, place.slice("header ".length)),
  );
  return present.length === 0 ? places : present;
}

export function missing(scheme: Scheme, demand: ProofDemand, head: RequestHead): ProofFailure {
  const { places, provider } = scheme;
  const place = places.join(" or ");
  const error =
    demand.secret === undefined
      ? fault("SLUICE_PROOF_MISSING", { place, provider })
      : fault("SLUICE_SIGNATURE_MISSING", {
          place,
          provider,
          secret: secretOf(demand),
          ...mistaken(demand, head),
        });
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
    place: error.values["place"] ?? scheme?.places[0] ?? "",
    ...(error.retry === "soon" ? { transient: true } : {}),
    error,
  };
}
