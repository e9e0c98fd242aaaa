/** The proofs of one delivery: each distinct demand is checked once, however many triggers make it. */

import type { Delivery } from "../core/delivery.ts";
import type { ErrorCode, SluiceError } from "../core/errors.ts";
import { asFault, fault } from "../core/errors.ts";
import { header } from "../core/headers.ts";
import type { ProofDemand } from "../core/interceptor.ts";
import type { SecretData, Secrets } from "../core/secrets.ts";
import { validValues } from "../core/secrets.ts";
import { createDiagnosis, type Diagnosis } from "./diagnose.ts";
import type { Scheme } from "./schemes.ts";
import { SCHEMES } from "./schemes.ts";

declare const proved: unique symbol;

/** A delivery whose sender was proved. Only this file can make one, so a skipped check does not compile. */
export type VerifiedDelivery = Delivery & { readonly [proved]: true };

export interface ProofFailure {
  readonly ok: false;
  readonly code: ErrorCode;
  /** For the person on call: what is wrong and how to mend it. Names the Secret, never its value. */
  readonly reason: string;
  /** The header that should have held the proof. */
  readonly header: string;
  /** The secret could not be read just now: asking again may come out otherwise. */
  readonly transient?: boolean;
  readonly error: SluiceError;
  /** What of the Secret explains it, for the log alone; "" where nothing does. Asked for only when all is refused. */
  readonly diagnose?: () => Promise<string>;
}

export type Proof = { readonly ok: true; readonly delivery: VerifiedDelivery } | ProofFailure;

export interface DeliveryProofs {
  /** Never rejects: whatever goes wrong is a failed proof. */
  check(demand: ProofDemand): Promise<Proof>;
  /**
   * What held so far, for the ledger: `none`, or each scheme with the Secret behind it, `github(ci/hook/token)`,
   * joined by spaces. The Secret belongs to it: a proof for one team's trigger is none for another's.
   */
  scheme(): string;
}

export interface Verifier {
  /** Proofs of a delivery that just arrived. */
  begin(delivery: Delivery): DeliveryProofs;
  /**
   * Proofs of a stored delivery, whose signatures are masked: exactly the demands that held when it arrived hold again.
   *
   * @param record what {@link DeliveryProofs.scheme} gave then.
   */
  recorded(delivery: Delivery, record: string): DeliveryProofs;
}

/** Makes the only maker of a {@link VerifiedDelivery}. */
export function createVerifier(secrets: Secrets): Verifier {
  const diagnosis = createDiagnosis();
  return {
    begin(delivery) {
      const memo = new Map<string, Promise<Proof>>();
      const held = new Set<string>();
      return {
        check(demand) {
          const key = nameOf(demand);
          let proof = memo.get(key);
          if (proof === undefined) {
            proof = check(delivery, demand, secrets, diagnosis).then((result) => {
              if (result.ok) held.add(key);
              return result;
            });
            memo.set(key, proof);
          }
          return proof;
        },
        scheme: () => (held.size === 0 ? "none" : [...held].sort().join(" ")),
      };
    },

    recorded(delivery, record) {
      const held = new Set(record.split(" "));
      return {
        async check(demand) {
          if (held.has(nameOf(demand))) return verified(delivery);
          const reason = `proved on arrival: ${record}; this trigger demands ${nameOf(demand)}`;
          return failure(fault("SLUICE_UNVERIFIED", { reason }), SCHEMES.get(demand.scheme));
        },
        scheme: () => record,
      };
    },
  };
}

async function check(
  delivery: Delivery,
  demand: ProofDemand,
  secrets: Secrets,
  diagnosis: Diagnosis,
): Promise<Proof> {
  const { namespace, name, key } = demand.secret;
  const scheme = SCHEMES.get(demand.scheme);
  if (scheme === undefined) {
    return failure(fault("SLUICE_UNVERIFIED", { reason: `no scheme is called ${demand.scheme}` }), scheme);
  }
  const { provider, headers } = scheme;
  const secret = `${namespace}/${name}`;
  const given = headers.find((candidate) => header(delivery.headers, candidate));
  if (given === undefined) {
    const values = { header: headers.join(" or "), provider, secret };
    return failure(fault("SLUICE_SIGNATURE_MISSING", values), scheme);
  }
  try {
    const peeked = secrets.peek(namespace, name);
    const known = peeked === undefined ? await secrets.read(namespace, name) : peeked;
    if (await provedBy(known, key, delivery, scheme)) return verified(delivery);
    const newer = await secrets.again?.(namespace, name);
    if (newer !== undefined && (await provedBy(newer, key, delivery, scheme))) return verified(delivery);
    const data = newer ?? known;
    const wrong =
      validValues(data, key).length === 0
        ? fault("SLUICE_SECRET_MISSING", { secret, key, namespace })
        : fault("SLUICE_SIGNATURE_WRONG", { header: given, secret });
    const { receivedAt: at, body } = delivery;
    const proves = (value: Buffer) => scheme.proves(delivery, [value]);
    const attempt = { secret: demand.secret, data, at, size: body.length, proves };
    return { ...failure(wrong, scheme), diagnose: () => diagnosis.tell(attempt) };
  } catch (thrown) {
    return failure(asFault(thrown), scheme);
  }
}

async function provedBy(data: SecretData | null, key: string, delivery: Delivery, { proves }: Scheme) {
  const values = validValues(data, key);
  return values.length > 0 && (await proves(delivery, values));
}

function verified(delivery: Delivery): Proof {
  return { ok: true, delivery: delivery as VerifiedDelivery };
}

function failure(error: SluiceError, scheme: Scheme | undefined): ProofFailure {
  return {
    ok: false,
    code: error.code,
    reason: `${error.message}. ${error.fix}`,
    header: scheme?.headers[0] ?? "",
    ...(error.retry === "soon" ? { transient: true } : {}),
    error,
  };
}

/** Escaped, so that no choice of names lets one demand pass for another. */
function nameOf({ scheme, secret }: ProofDemand): string {
  return `${scheme}(${[secret.namespace, secret.name, secret.key].map(encodeURIComponent).join("/")})`;
}
