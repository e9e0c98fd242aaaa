/** JSON Web Tokens (RFC 7519) in `Authorization: Bearer`: whose they are, for whom, and until when. */

import {
  createLocalJWKSet,
  errors,
  importSPKI,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { parseJson } from "../../core/json.ts";
import { isKeySet } from "../jwks.ts";
import type { OwnClaim, ProofTools, Scheme } from "../scheme.ts";
import { credentials } from "./shared.ts";

export interface JwtOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** Empty where the keys stand in a Secret. */
  readonly jwksUrl: string;
  /** Claims that must have these values. */
  readonly claims: Readonly<Record<string, string>>;
}

/** Whoever can check these cannot make them. */
export const ASYMMETRIC: readonly string[] = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];
export const SYMMETRIC: readonly string[] = ["HS256", "HS384", "HS512"];

/** Seconds that clocks may differ. */
const TOLERANCE = 60;

/** The options as parameters of a demand. */
export function jwtParameters({ issuer, audience, algorithms, jwksUrl, claims }: JwtOptions): string[] {
  const sorted = Object.entries(claims).sort(([a], [b]) => (a < b ? -1 : 1));
  return [issuer, audience, algorithms.join(","), jwksUrl, ...sorted.flat()];
}

/** @param parameters as {@link jwtParameters} writes them. */
export function jwt(parameters: readonly string[]): Scheme {
  const [issuer = "", audience = "", algorithms = "", jwksUrl = "", ...rest] = parameters;
  const wanted = Array.from({ length: rest.length / 2 }, (_, i) => rest.slice(i * 2, i * 2 + 2));
  return {
    provider: issuer,
    places: ["header Authorization"],
    claims(head, at) {
      const token = credentials(head, "bearer");
      if (token === undefined) return undefined;
      const options: JWTVerifyOptions = {
        ...{ issuer, audience, algorithms: algorithms.split(",") },
        ...{ clockTolerance: TOLERANCE, currentDate: new Date(at), requiredClaims: ["exp"] },
      };
      const check = async (key: Parameters<typeof verified>[1]): Promise<string | undefined> => {
        const payload = await verified(token, key, options);
        return typeof payload === "string" ? payload : mismatch(payload, wanted);
      };
      const claim: OwnClaim = {
        kind: "own",
        async refutedBy(secrets, tools) {
          if (jwksUrl !== "") return byPublished(jwksUrl, at, tools, check);
          let reason = "no key of the Secret fits";
          for (const secret of secrets) {
            const said = await check(await keyOf(secret, algorithms.split(",")));
            if (said === undefined) return undefined;
            reason = said;
          }
          return reason;
        },
      };
      return [claim];
    },
  };
}

type Key = JWTVerifyGetKey | Parameters<typeof jwtVerify>[1] | undefined;

async function byPublished(
  url: string,
  at: number,
  { keys }: ProofTools,
  check: (key: Key) => Promise<string | undefined>,
): Promise<string | undefined> {
  const known = await keys.get(url, at);
  const reason = await check(createLocalJWKSet(known));
  if (reason !== NO_KEY) return reason;
  const newer = await keys.get(url, at, true);
  return newer === known ? reason : check(createLocalJWKSet(newer));
}

const NO_KEY = "no key of its issuer fits";

/** @returns the payload, or why it proves nothing: without any value of the token. */
async function verified(token: string, key: Key, options: JWTVerifyOptions): Promise<JWTPayload | string> {
  if (key === undefined) return "the Secret holds no key of this kind";
  try {
    // One function with two overloads, for keys and for what finds keys.
    const { payload } = await (typeof key === "function"
      ? jwtVerify(token, key, options)
      : jwtVerify(token, key, options));
    return payload;
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return NO_KEY;
    if (error instanceof errors.JWTExpired) return "it has expired";
    if (error instanceof errors.JWTClaimValidationFailed)
      return `its claim ${error.claim} is not the one expected`;
    if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong";
    if (error instanceof errors.JOSEAlgNotAllowed) return "its algorithm is not allowed";
    return "it is no token that can be checked";
  }
}

function mismatch(payload: JWTPayload, wanted: readonly string[][]): string | undefined {
  const wrong = wanted.find(([name = "", value]) => !Object.hasOwn(payload, name) || payload[name] !== value);
  return wrong === undefined ? undefined : `its claim ${wrong[0]} is not the one expected`;
}

/** A set of public keys, a public key as PEM, or with a symmetric algorithm the shared secret itself. */
async function keyOf(secret: Buffer, algorithms: readonly string[]): Promise<Key> {
  if (algorithms.every((one) => SYMMETRIC.includes(one))) return secret;
  const text = secret.toString("utf8").trim();
  if (text.startsWith("{")) {
    const set = keySetOf(text);
    return set && createLocalJWKSet(set);
  }
  for (const algorithm of algorithms) {
    const key = await importSPKI(text, algorithm).catch(() => undefined);
    if (key !== undefined) return key;
  }
  return undefined;
}

function keySetOf(text: string): JSONWebKeySet | undefined {
  try {
    const value: unknown = parseJson(text);
    return isKeySet(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
