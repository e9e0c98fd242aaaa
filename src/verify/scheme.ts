/** What a scheme of proof is: it reads from the head of a request what the sender claims, before the body is there. */

import type { RequestHead } from "../core/delivery.ts";
import type { TimeFault } from "./freshness.ts";
import type { Algorithm } from "./hmac.ts";
import type { PublishedKeys } from "./jwks.ts";

/** A value that is compared with the secret itself. */
export interface TokenClaim {
  readonly kind: "token";
  /** In constant time. @param secret never empty. */
  holds(secret: Buffer): boolean;
}

/** A MAC over the body, with something before and behind it. */
export interface MacClaim {
  readonly kind: "mac";
  readonly algorithm: Algorithm;
  readonly before: string;
  readonly after: string;
  /** What the sender gives as the MAC; any of them may be right. All have the algorithm's size. */
  readonly digests: readonly Buffer[];
  /** The key that a secret stands for; undefined where this secret is meant for something else. */
  key(secret: Buffer): Buffer | undefined;
  /** The id of the message, where the MAC covers it. */
  readonly signedId?: string;
}

/** What is neither: it decides by itself, and may have to fetch something for it. */
export interface OwnClaim {
  readonly kind: "own";
  /**
   * @returns undefined when it holds, else why not, without anything secret.
   * @throws SluiceError with retry "soon" when it cannot be decided just now.
   */
  refutedBy(secrets: readonly Buffer[], tools: ProofTools): Promise<string | undefined>;
}

export type Claim = TokenClaim | MacClaim | OwnClaim;

/** What claims may use beyond the request. */
export interface ProofTools {
  readonly keys: PublishedKeys;
}

export interface Scheme {
  /** For people: where to enter the secret. */
  readonly provider: string;
  /** For people: where in a request the proof stands, `header X-Gitlab-Token`. The first is the usual one. */
  readonly places: readonly [string, ...string[]];
  /**
   * What the sender claims; any of them may hold.
   *
   * @param at when the request began to arrive, milliseconds since the epoch.
   * @returns undefined where the request holds no proof at all; an empty list where what it holds can never be right.
   */
  claims(head: RequestHead, at: number): readonly Claim[] | undefined;
  /** What is wrong with the time that the proof covers; asked for a refusal's reason alone. Absent: it covers none. */
  timeFault?(head: RequestHead, at: number): TimeFault | undefined;
}

/** Makes the scheme of a demand from its parameters. */
export type SchemeFactory = (parameters: readonly string[]) => Scheme;
