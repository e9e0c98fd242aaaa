/** Proof of a sender that no other interceptor knows: a shared value, a MAC, a token of an issuer, a client certificate. */

import { canonicalName } from "../src/core/headers.ts";
import type { InterceptorTools, ProofDemand } from "../src/core/interceptor.ts";
import { defineInterceptor, PASS } from "../src/core/interceptor.ts";
import type { JsonObject } from "../src/core/json.ts";
import { nearest } from "../src/core/nearest.ts";
import {
  anyObject,
  count,
  object,
  type Read,
  readParams,
  secretOf,
  secretRef,
  text,
  texts,
  unknownParams,
} from "./params.ts";
import { type Given, wrong } from "./proof/given.ts";
import { hmacDemand } from "./proof/hmac.ts";
import { jwtDemand } from "./proof/jwt.ts";

const shape = object({
  type: text,
  secretRef,
  header: text,
  prefix: text,
  encoding: text,
  algorithm: text,
  template: text,
  timestampHeader: text,
  tolerance: count,
  idHeader: text,
  issuer: text,
  audience: text,
  algorithms: texts,
  jwksUrl: text,
  claims: anyObject,
  subject: text,
  san: text,
  query: text,
});

/** What each type takes beside `type`. */
const TAKES: Readonly<Record<string, readonly (keyof Read<typeof shape.shape>)[]>> = {
  header: ["secretRef", "header"],
  bearer: ["secretRef"],
  basic: ["secretRef"],
  hmac: [
    ...["secretRef", "header", "prefix", "encoding", "algorithm"],
    ...["template", "timestampHeader", "tolerance", "idHeader"],
  ] as readonly (keyof Read<typeof shape.shape>)[],
  "standard-webhooks": ["secretRef"],
  jwt: ["secretRef", "issuer", "audience", "algorithms", "jwksUrl", "claims"],
  mtls: ["subject", "san"],
  "path-token": ["secretRef", "query"],
};

export const proof = defineInterceptor({
  name: "proof",
  summary:
    "Proves a sender by a shared value, a MAC, a JSON Web Token, a client certificate or an unguessable path",
  shape,
  strict: true,
  compile(params, tools) {
    return { proofs: [demandOf(readProofParams(params), tools)], intercept: () => PASS };
  },
});

function demandOf(given: Given, tools: InterceptorTools): ProofDemand {
  const { type: scheme = "" } = given;
  const secret = given.secretRef && secretOf("proof", "secretRef", given.secretRef, tools);
  switch (scheme) {
    case "hmac":
      return hmacDemand(given, needed(secret, "secretRef"));
    case "jwt":
      return jwtDemand(given, secret);
    case "header": {
      const name = canonicalName(needed(given.header, "header"));
      return { scheme, secret: needed(secret, "secretRef"), parameters: [name], hides: [name] };
    }
    case "mtls":
      return { scheme, parameters: certificateOf(given) };
    case "path-token": {
      const { query } = given;
      const place = needed(secret, "secretRef");
      // Made for the Secret's key: who operates the gateway can compute it without knowing which listeners there are.
      const label = `${place.namespace}/${place.name}/${place.key}`;
      const hides = [query === undefined ? "/" : `?${query}`];
      return { scheme, secret: place, parameters: query === undefined ? [label] : [label, query], hides };
    }
    default:
      return { scheme, secret: needed(secret, "secretRef") };
  }
}

/** @returns which part of the certificate counts, and what must stand there. */
function certificateOf({ subject, san }: Given): readonly string[] {
  if (subject !== undefined && san !== undefined) throw wrong("san", "subject and san exclude each other");
  if (subject) return ["subject", subject];
  return ["san", needed(san, "subject")];
}

function needed<T>(value: T | undefined, field: string): T {
  if (value === undefined || value === "") throw wrong(field, `${field} is missing`);
  return value;
}

/**
 * Reads the parameters. One that the type does not take is refused: a misspelt `issuer` would let others in.
 *
 * @throws SluiceError SLUICE_INTERCEPTOR_PARAMS.
 */
function readProofParams(params: JsonObject): Given {
  const read = readParams("proof", shape, params);
  const takes = TAKES[read.type ?? ""];
  if (takes === undefined) {
    const [stray] = unknownParams(shape, { ...params, claims: null });
    const meant = nearest(read.type ?? "", Object.keys(TAKES));
    const hint = read.type === undefined && stray !== undefined ? `; it takes no ${stray}` : "";
    const better = meant === undefined ? hint : `; did you mean ${meant}?`;
    const given =
      read.type === undefined ? "is missing; it" : `is ${JSON.stringify(read.type.slice(0, 80))}; it`;
    throw wrong("type", `type ${given} must be one of ${Object.keys(TAKES).join(", ")}${better}`);
  }
  const unknown = [
    ...unknownParams(shape, { ...params, claims: null }),
    ...Object.keys(read).filter((name) => name !== "type" && !takes.some((known) => known === name)),
  ];
  const [first] = unknown;
  if (first === undefined) return read;
  const meant = nearest(first, takes);
  const hint = meant === undefined ? `it takes ${takes.join(", ")}` : `did you mean ${meant}?`;
  throw wrong(first, `type ${read.type} takes no ${first}; ${hint}`);
}
