/** How each provider proves that it sent a delivery: which header, computed how. One entry per scheme. */

import { isUtf8 } from "node:buffer";
import { createHmac } from "node:crypto";
import { verifyWithFallback } from "@octokit/webhooks-methods";
import type { Delivery } from "../core/delivery.ts";
import { header } from "../core/headers.ts";
import type { Algorithm } from "./hmac.ts";
import { equalSecrets, hmacHolds, parseHashClaim } from "./hmac.ts";

export interface Scheme {
  /** For people: where to enter the secret. */
  readonly provider: string;
  /** The headers that can carry the proof; without any of them nothing is computed. */
  readonly headers: readonly [string, ...string[]];
  /** True when a header proves the body under one of the secrets, of which there is at least one. */
  proves(delivery: Delivery, secrets: readonly Buffer[]): boolean | Promise<boolean>;
}

/** Both Slack and Standard Webhooks sign the time and want it no further off than this. */
const FRESH_MS = 5 * 60_000;

export const SCHEMES: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  ["github", { provider: "GitHub", headers: ["X-Hub-Signature-256"], proves: provesGithub }],
  ["gitlab", { provider: "GitLab", headers: ["X-Gitlab-Token", "Webhook-Signature"], proves: provesGitlab }],
  ["bitbucket", { provider: "Bitbucket", headers: ["X-Hub-Signature"], proves: provesBitbucket }],
  ["slack", { provider: "Slack", headers: ["X-Slack-Signature"], proves: provesSlack }],
]);

/**
 * X-Hub-Signature-256. GitHub only ever writes `sha256=`; Tekton takes sha512 there too and so do we, but not the sha1
 * that it also takes: the header's name promises more.
 */
function provesGithub(delivery: Delivery, secrets: readonly Buffer[]): boolean | Promise<boolean> {
  const value = header(delivery.headers, "X-Hub-Signature-256") ?? "";
  const claim = parseHashClaim(value, ["sha256", "sha512"]);
  if (claim === undefined) return false;
  const { body } = delivery;
  const [first, ...others] = secrets;
  // Octokit's verify takes text and no empty one, so what is no UTF-8 is checked over its bytes.
  const isText = claim.algorithm === "sha256" && body.length > 0 && [body, ...secrets].every(isUtf8);
  if (!isText || first === undefined) return hmacHolds(claim, body, secrets);
  const fallbacks = others.map((secret) => secret.toString());
  return verifyWithFallback(first.toString(), body.toString(), value.toLowerCase(), fallbacks);
}

/** Bitbucket Cloud and Data Center write sha256 into the header whose name means sha1 elsewhere. */
function provesBitbucket(delivery: Delivery, secrets: readonly Buffer[]): boolean {
  const allowed: readonly Algorithm[] = ["sha256", "sha512", "sha1"];
  const claim = parseHashClaim(header(delivery.headers, "X-Hub-Signature") ?? "", allowed);
  return claim !== undefined && hmacHolds(claim, delivery.body, secrets);
}

/** The shared token as it stands or, for secrets that start with `whsec_`, GitLab's signing token of 2026. */
function provesGitlab(delivery: Delivery, secrets: readonly Buffer[]): boolean {
  const token = header(delivery.headers, "X-Gitlab-Token");
  if (token && secrets.some((secret) => spellings(token).some((bytes) => equalSecrets(bytes, secret)))) {
    return true;
  }
  return provesStandardWebhook(delivery, secrets);
}

/**
 * Node hands header bytes over as Latin-1, test clients write Unicode: a token outside ASCII may be either. Which of
 * the two is tried does not depend on the secret.
 */
function spellings(token: string): readonly Buffer[] {
  return [Buffer.from(token, "latin1"), Buffer.from(token, "utf8")];
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, symmetric `v1` only. */
function provesStandardWebhook({ headers, body, receivedAt }: Delivery, secrets: readonly Buffer[]): boolean {
  const id = header(headers, "Webhook-Id") ?? "";
  const time = header(headers, "Webhook-Timestamp") ?? "";
  const claims = (header(headers, "Webhook-Signature") ?? "").split(" ", 10);
  if (id === "" || !isFresh(time, receivedAt)) return false;
  return secrets.some((secret) => {
    const text = secret.toString("latin1");
    const key = text.startsWith("whsec_") ? Buffer.from(text.slice("whsec_".length), "base64") : undefined;
    if (key === undefined || key.length === 0) return false;
    const right = `v1,${createHmac("sha256", key).update(`${id}.${time}.`).update(body).digest("base64")}`;
    return claims.some((claim) => equalSecrets(Buffer.from(claim), Buffer.from(right)));
  });
}

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
function provesSlack({ headers, body, receivedAt }: Delivery, secrets: readonly Buffer[]): boolean {
  const time = header(headers, "X-Slack-Request-Timestamp") ?? "";
  const [, hex] = /^v0=([0-9a-f]{64})$/.exec(header(headers, "X-Slack-Signature") ?? "") ?? [];
  if (hex === undefined || !isFresh(time, receivedAt)) return false;
  const signed = Buffer.concat([Buffer.from(`v0:${time}:`), body]);
  return hmacHolds({ algorithm: "sha256", digest: Buffer.from(hex, "hex") }, signed, secrets);
}

/** @param seconds since the epoch, as the header spells them. @param now milliseconds since the epoch. */
function isFresh(seconds: string, now: number): boolean {
  return /^[0-9]{1,12}$/.test(seconds) && Math.abs(Number(seconds) * 1_000 - now) <= FRESH_MS;
}
