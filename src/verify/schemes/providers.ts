/** How the providers with interceptors of their own sign: GitHub, GitLab, Bitbucket, Slack. */

import type { RequestHead } from "../../core/delivery.ts";
import { header } from "../../core/headers.ts";
import { FRESH_MS, isFresh, timeFault } from "../freshness.ts";
import { type Algorithm, isSecret, parseHashClaim } from "../hmac.ts";
import type { Claim, MacClaim, Scheme } from "../scheme.ts";
import { isSigningSecret, signingClaims, signingTimeFault } from "./standard-webhooks.ts";

/**
 * X-Hub-Signature-256. GitHub only ever writes `sha256=`; Tekton takes sha512 there too and so do we, but not the sha1
 * that it also takes: the header's name promises more.
 */
export const github: Scheme = bodySignature("GitHub", "X-Hub-Signature-256", ["sha256", "sha512"]);

const bitbucketStrong: Scheme = bodySignature("Bitbucket", "X-Hub-Signature", ["sha256", "sha512"]);
const bitbucketWeak: Scheme = bodySignature("Bitbucket", "X-Hub-Signature", ["sha256", "sha512", "sha1"]);

/**
 * Bitbucket Cloud and Data Center write sha256 into the header whose name means sha1 elsewhere.
 *
 * @param parameters `sha1` where the operator allows it.
 */
export function bitbucket([weak]: readonly string[]): Scheme {
  return weak === "sha1" ? bitbucketWeak : bitbucketStrong;
}

/** The shared token as it stands or, for secrets that start with `whsec_`, GitLab's signing token of 2026. */
export const gitlab: Scheme = {
  provider: "GitLab",
  places: ["header X-Gitlab-Token", "header Webhook-Signature"],
  claims({ headers }, at) {
    const token = header(headers, "X-Gitlab-Token");
    const signed = signingClaims(headers, at);
    if (!token) return signed;
    // What signs must not pass for a password: whoever sees one request could then send any other.
    const plain: Claim = {
      kind: "token",
      holds: (secret) => isSecret(token, secret) && !isSigningSecret(secret),
    };
    return [plain, ...(signed ?? [])];
  },
  timeFault: ({ headers }, at) => signingTimeFault(headers, at),
};

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
export const slack: Scheme = {
  provider: "Slack",
  places: ["header X-Slack-Signature"],
  claims({ headers }, at) {
    const given = header(headers, "X-Slack-Signature");
    if (!given) return undefined;
    const time = header(headers, "X-Slack-Request-Timestamp") ?? "";
    const [, hex] = /^v0=([0-9a-f]{64})$/.exec(given) ?? [];
    if (hex === undefined || !isFresh(time, at)) return [];
    return [mac("sha256", Buffer.from(hex, "hex"), `v0:${time}:`)];
  },
  timeFault({ headers }, at) {
    if (!header(headers, "X-Slack-Signature")) return undefined;
    return timeFault(headers, at, { header: "X-Slack-Request-Timestamp", toleranceMs: FRESH_MS });
  },
};

function bodySignature(provider: string, name: string, allowed: readonly Algorithm[]): Scheme {
  return {
    provider,
    places: [`header ${name}`],
    claims({ headers }: RequestHead) {
      const value = header(headers, name);
      if (!value) return undefined;
      const claim = parseHashClaim(value, allowed);
      return claim === undefined ? [] : [mac(claim.algorithm, claim.digest)];
    },
  };
}

function mac(algorithm: Algorithm, digest: Buffer, before = ""): MacClaim {
  return { kind: "mac", algorithm, before, after: "", digests: [digest], key: (secret) => secret };
}
