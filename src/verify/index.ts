/** Verification: the only maker of a verdict about who sent a delivery. */

export type { ProofFailure } from "./failure.ts";
export type { Algorithm } from "./hmac.ts";
export { hmacParameters, splitTemplate, templateHeaders } from "./schemes/hmac.ts";
export { ASYMMETRIC, jwtParameters, SYMMETRIC } from "./schemes/jwt.ts";
export { pathTokenOf } from "./schemes/shared.ts";
export { isSigningSecret, signingKey } from "./schemes/standard-webhooks.ts";
export { createVerifier, type DeliveryProofs, type OpenProofs, type Verifier } from "./verifier.ts";
