/** `type: jwt`: a token that an issuer signed, by keys that it publishes or that stand in a Secret. */

import type { ProofDemand, SecretKey } from "../../src/core/interceptor.ts";
import { ASYMMETRIC, jwtParameters, SYMMETRIC } from "../../src/verify/index.ts";
import { type Given, wrong } from "./given.ts";

/** @throws SluiceError SLUICE_INTERCEPTOR_PARAMS. */
export function jwtDemand(given: Given, secret: SecretKey | undefined): ProofDemand {
  const { issuer = "", audience = "", jwksUrl = "" } = given;
  if (issuer === "") throw wrong("issuer", "issuer is missing");
  if (audience === "")
    throw wrong("audience", "audience is missing: a token for another service must not do here");
  if ((jwksUrl === "") === (secret === undefined)) {
    throw wrong("jwksUrl", "exactly one of jwksUrl and secretRef says where the keys are");
  }
  if (jwksUrl !== "" && URL.parse(jwksUrl)?.protocol !== "https:") {
    throw wrong("jwksUrl", "jwksUrl must be an https address: whoever can change the keys can sign");
  }
  const claims: Record<string, string> = {};
  for (const [name, value] of Object.entries(given.claims ?? {})) {
    if (typeof value !== "string") throw wrong("claims", `claims.${name} must be a text`);
    claims[name] = value;
  }
  const options = { issuer, audience, algorithms: algorithmsOf(given, secret), jwksUrl, claims };
  const parameters = jwtParameters(options);
  return { scheme: "jwt", parameters, ...(secret && { secret }) };
}

/** Symmetric ones only by their names, only with a Secret, and never beside others: a public key would pass for a secret. */
function algorithmsOf({ algorithms = ASYMMETRIC }: Given, secret: SecretKey | undefined): readonly string[] {
  const known = [...ASYMMETRIC, ...(secret === undefined ? [] : SYMMETRIC)];
  const unknown = algorithms.find((one) => !known.includes(one));
  if (unknown !== undefined || algorithms.length === 0) {
    throw wrong("algorithms", `algorithms must be of ${known.join(", ")}`);
  }
  const symmetric = algorithms.filter((one) => SYMMETRIC.includes(one)).length;
  if (symmetric > 0 && symmetric < algorithms.length) {
    throw wrong("algorithms", "algorithms must be all symmetric (HS…) or all asymmetric");
  }
  return algorithms;
}
