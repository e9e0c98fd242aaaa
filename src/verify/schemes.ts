/** The schemes of proof by name. */

import type { ProofDemand } from "../core/interceptor.ts";
import type { Scheme, SchemeFactory } from "./scheme.ts";
import { hmac } from "./schemes/hmac.ts";
import { jwt } from "./schemes/jwt.ts";
import { mtls } from "./schemes/mtls.ts";
import { bitbucket, github, gitlab, slack } from "./schemes/providers.ts";
import { basic, bearer, celHeader, pathToken, sharedHeader } from "./schemes/shared.ts";
import { standardWebhooks } from "./schemes/standard-webhooks.ts";

const SCHEMES: ReadonlyMap<string, SchemeFactory> = new Map<string, SchemeFactory>([
  ["github", () => github],
  ["gitlab", () => gitlab],
  ["bitbucket", bitbucket],
  ["slack", () => slack],
  ["cel-header", celHeader],
  ["header", sharedHeader],
  ["bearer", () => bearer],
  ["basic", () => basic],
  ["hmac", hmac],
  ["standard-webhooks", () => standardWebhooks],
  ["jwt", jwt],
  ["mtls", mtls],
  ["path-token", pathToken],
]);

const made = new WeakMap<ProofDemand, Scheme>();

/** The scheme of a demand; undefined where none has its name. */
export function schemeOf(demand: ProofDemand): Scheme | undefined {
  const known = made.get(demand);
  if (known !== undefined) return known;
  const scheme = SCHEMES.get(demand.scheme)?.(demand.parameters ?? []);
  if (scheme !== undefined) made.set(demand, scheme);
  return scheme;
}
