/** The proofs of one delivery: each distinct demand is checked once, however many triggers make it. */

import type { Delivery, RequestHead } from "../core/delivery.ts";
import { asFault, fault } from "../core/errors.ts";
import type { HttpClient, ProofDemand, SecretKey } from "../core/interceptor.ts";
import { NOTHING_PROVED, proofName } from "../core/proof.ts";
import { lackOf } from "../core/secret-lack.ts";
import type { SecretData, Secrets } from "../core/secrets.ts";
import { validValues } from "../core/secrets.ts";
import { createDiagnosis, type Diagnosis } from "./diagnose.ts";
import {
  type Answer,
  failure,
  missing,
  type ProofFailure,
  refuted,
  unknownScheme,
  wrong,
} from "./failure.ts";
import { createPublishedKeys } from "./jwks.ts";
import { createLikely } from "./likely.ts";
import type { Claim, ProofTools } from "./scheme.ts";
import { schemeOf } from "./schemes.ts";
import { openSession, type Session } from "./session.ts";

declare const proved: unique symbol;

/** A delivery whose sender was proved. Only this file can make one, so a skipped check does not compile. */
export type VerifiedDelivery = Delivery & { readonly [proved]: true };

export type Proof = { readonly ok: true; readonly delivery: VerifiedDelivery } | ProofFailure;

export interface DeliveryProofs {
  /** Never rejects: whatever goes wrong is a failed proof. */
  check(demand: ProofDemand): Promise<Proof>;
  /**
   * What held so far, for the ledger: `none`, or each scheme with the Secret behind it, `github(ci/hook/token)`,
   * joined by spaces. The Secret belongs to it: a proof for one team's trigger is none for another's.
   */
  scheme(): string;
  /** The id of the message, where a scheme that held covers it: no other id of the request is the sender's word. */
  signedId(): string | undefined;
  /** True for a stored delivery: what proofs read of it is masked, and only the record says that they held. */
  readonly recorded: boolean;
}

/** The proofs of a delivery whose body is still to come. */
export interface OpenProofs {
  /** Why a demand cannot hold, whatever the body is; undefined where it may. */
  ruledOut(demand: ProofDemand): ProofFailure | undefined;
  /** Takes the next bytes of the body. */
  update(chunk: Buffer): void;
  /** @param delivery with the head that this was opened with, and the whole body. */
  finish(delivery: Delivery): DeliveryProofs;
}

export interface Verifier {
  /**
   * Opens the proofs of a delivery by its head.
   *
   * @param demands all that may be asked for; @param scope of whom, `namespace/listener`.
   * @param at when the request began to arrive, milliseconds since the epoch.
   */
  open(head: RequestHead, demands: readonly ProofDemand[], scope: string, at: number): OpenProofs;
  /** Proofs of a delivery that just arrived, all at once. */
  begin(delivery: Delivery): DeliveryProofs;
  /**
   * Proofs of a stored delivery, whose signatures are masked: exactly the demands that held when it arrived hold again.
   *
   * @param record what {@link DeliveryProofs.scheme} gave then.
   */
  recorded(delivery: Delivery, record: string): DeliveryProofs;
}

export interface VerifierOptions {
  /** Fetches the keys that issuers publish; absent offline. */
  readonly http?: HttpClient;
}

/** Makes the only maker of a {@link VerifiedDelivery}. */
export function createVerifier(secrets: Secrets, { http }: VerifierOptions = {}): Verifier {
  const tools: ProofTools = { keys: createPublishedKeys(http) };
  const likely = createLikely();
  const diagnosis = createDiagnosis();

  function proofsOf(
    session: Session,
    delivery: Delivery,
    heard: (name: string) => void = () => undefined,
  ): DeliveryProofs {
    const memo = new Map<string, Promise<Proof>>();
    const held = new Set<string>();
    let signedId: string | undefined;
    let record: string | undefined;
    return {
      check(demand) {
        const key = proofName(demand);
        let proof = memo.get(key);
        if (proof === undefined) {
          proof = check({ session, delivery, demand, secrets, tools, diagnosis }).then((result) => {
            if ("claim" in result) {
              held.add(key);
              record = undefined;
              heard(key);
              if (result.claim.kind === "mac") signedId ??= result.claim.signedId;
              return verified(delivery);
            }
            return result;
          });
          memo.set(key, proof);
        }
        return proof;
      },
      scheme() {
        record ??= held.size === 0 ? NOTHING_PROVED : [...held].sort().join(" ");
        return record;
      },
      signedId: () => signedId,
      recorded: false,
    };
  }

  return {
    open(head, demands, scope, at) {
      const session = openSession(head, likely.order(scope, head, demands), secrets, at);
      return {
        ruledOut: (demand) => ruledOut(session, demand),
        update: session.update,
        finish: (delivery) =>
          proofsOf(session, delivery, (name) => likely.proved(scope, head, demands, name)),
      };
    },

    begin: (delivery) => proofsOf(openSession(delivery, [], secrets, delivery.receivedAt), delivery),

    recorded(delivery, record) {
      const held = new Set(record.split(" "));
      return {
        async check(demand) {
          if (held.has(proofName(demand))) return verified(delivery);
          const reason = `proved on arrival: ${record}; this trigger demands ${proofName(demand)}`;
          return failure(fault("SLUICE_UNVERIFIED", { reason }), schemeOf(demand));
        },
        scheme: () => record,
        signedId: () => undefined,
        recorded: true,
      };
    },
  };
}

function ruledOut(session: Session, demand: ProofDemand): ProofFailure | undefined {
  const scheme = schemeOf(demand);
  if (scheme === undefined) return unknownScheme(demand);
  const claims = session.claims(scheme);
  if (claims === undefined) return missing(scheme, demand, session.head);
  return claims.length === 0 ? failure(wrong(scheme, demand, session), scheme) : undefined;
}

interface Question {
  readonly session: Session;
  readonly delivery: Delivery;
  readonly demand: ProofDemand;
  readonly secrets: Secrets;
  readonly tools: ProofTools;
  readonly diagnosis: Diagnosis;
}

async function check(question: Question): Promise<{ readonly claim: Claim } | ProofFailure> {
  const { session, demand, secrets } = question;
  const scheme = schemeOf(demand);
  if (scheme === undefined) return unknownScheme(demand);
  const claims = session.claims(scheme);
  if (claims === undefined) return missing(scheme, demand, session.head);
  const { secret } = demand;
  try {
    if (secret === undefined) {
      const answer = await answerTo(question, claims, []);
      return answer.claim === undefined
        ? failure(refuted(scheme, demand, session, answer), scheme)
        : { claim: answer.claim };
    }
    const { namespace, name, key } = secret;
    const data = secrets.peek(namespace, name);
    const known = data === undefined ? await secrets.read(namespace, name) : data;
    const tried = validValues(known, key);
    const answer = await answerTo(question, claims, tried);
    if (answer.claim !== undefined) return { claim: answer.claim };
    const newer = await secrets.again?.(namespace, name);
    const further = newer === undefined ? [] : untried(newer, key, tried);
    const second = await answerTo(question, claims, further);
    if (second.claim !== undefined) return { claim: second.claim };
    const latest = newer ?? known;
    const error =
      validValues(latest, key).length === 0
        ? fault("SLUICE_SECRET_MISSING", { ...lackOf(secret, latest, secrets) })
        : refuted(scheme, demand, session, further.length > 0 ? second : answer);
    return { ...failure(error, scheme), diagnose: () => diagnosed(question, claims, secret, latest) };
  } catch (thrown) {
    return failure(asFault(thrown), scheme);
  }
}

function diagnosed(
  question: Question,
  claims: readonly Claim[],
  secret: SecretKey,
  data: SecretData | null,
): Promise<string> {
  const { delivery, diagnosis } = question;
  const proves = async (value: Buffer) => (await answerTo(question, claims, [value])).claim !== undefined;
  return diagnosis.tell({ secret, data, at: delivery.receivedAt, size: delivery.body.length, proves });
}

async function answerTo(
  { session, delivery, demand, tools }: Question,
  claims: readonly Claim[],
  secrets: readonly Buffer[],
): Promise<Answer> {
  let answer: Answer = {};
  for (const claim of claims) {
    if (claim.kind === "own") {
      if (demand.secret !== undefined && secrets.length === 0) continue;
      const refutedBy = await claim.refutedBy(secrets, tools);
      if (refutedBy === undefined) return { claim };
      answer = { ...answer, refutedBy };
      continue;
    }
    for (const secret of secrets) {
      if (claim.kind === "token") {
        if (claim.holds(secret)) return { claim };
        continue;
      }
      const holds = session.holds(claim, secret, delivery.body);
      if (holds === undefined) answer = { ...answer, untried: true };
      else if (holds === true || (holds !== false && (await holds))) return { claim };
    }
  }
  return answer;
}

function untried(data: SecretData | null, key: string, tried: readonly Buffer[]): readonly Buffer[] {
  return validValues(data, key).filter((value) => !tried.some((old) => old.equals(value)));
}

function verified(delivery: Delivery): Proof {
  return { ok: true, delivery: delivery as VerifiedDelivery };
}
