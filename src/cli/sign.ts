/** Proofs as senders make them: what src/verify checks, from the other side. For examples and test deliveries. */

import { isUtf8 } from "node:buffer";
import { createHmac, randomUUID } from "node:crypto";
import { sign as signAsGithub } from "@octokit/webhooks-methods";
import { wireText } from "../core/header-bytes.ts";
import { canonicalName } from "../core/headers.ts";
import type { ProofDemand } from "../core/interceptor.ts";
import { isSigningSecret, pathTokenOf, signingKey, splitTemplate } from "../verify/index.ts";
import { misused } from "./verb.ts";

/** A request that is about to be sent; header names in any case. */
export interface Outgoing {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What is to be proved by: a scheme with its parameters, as a trigger demands it. */
export type Wanted = Pick<ProofDemand, "scheme" | "parameters">;

type Sign = (
  request: Outgoing,
  secret: Buffer,
  parameters: readonly string[],
  at: number,
) => Outgoing | Promise<Outgoing>;

const SIGNERS: Readonly<Record<string, Sign>> = {
  async github(request, secret) {
    // Octokit takes texts; a Secret may hold any bytes.
    const proof =
      isUtf8(secret) && isUtf8(request.body)
        ? await signAsGithub(secret.toString("utf8"), request.body.toString("utf8"))
        : `sha256=${mac("sha256", secret, [request.body]).toString("hex")}`;
    return withHeader(request, "x-hub-signature-256", proof);
  },
  gitlab: (request, secret, _parameters, at) =>
    isSigningSecret(secret)
      ? standard(request, secret, at)
      : withHeader(request, "x-gitlab-token", secret.toString("utf8")),
  bitbucket: (request, secret) =>
    withHeader(request, "x-hub-signature", `sha256=${mac("sha256", secret, [request.body]).toString("hex")}`),
  slack(request, secret, _parameters, at) {
    const time = seconds(at);
    const digest = mac("sha256", secret, [`v0:${time}:`, request.body]).toString("hex");
    return withHeader(
      withHeader(request, "x-slack-request-timestamp", time),
      "x-slack-signature",
      `v0=${digest}`,
    );
  },
  header: byHeader,
  "cel-header": byHeader,
  bearer: (request, secret) => withHeader(request, "authorization", `Bearer ${secret.toString("utf8")}`),
  basic: (request, secret) => withHeader(request, "authorization", `Basic ${secret.toString("base64")}`),
  "standard-webhooks": (request, secret, _parameters, at) => standard(request, secret, at),
  hmac: byTemplate,
  "path-token"(request, secret, [place = "", query]) {
    const token = pathTokenOf(secret, place);
    const [path = "", search] = request.url.split("?", 2);
    if (query === undefined)
      return {
        ...request,
        url: `${path.replace(/\/$/, "")}/${token}${search === undefined ? "" : `?${search}`}`,
      };
    return { ...request, url: `${path}?${search === undefined ? "" : `${search}&`}${query}=${token}` };
  },
};

/** Whether {@link signed} knows the scheme: tokens of an issuer and client certificates are nobody's here to make. */
export function canSign(scheme: string): boolean {
  return Object.hasOwn(SIGNERS, scheme);
}

/** The header that a scheme writes, in lower case; undefined for those that write none, or cannot be signed for. */
export function headerOf({ scheme, parameters = [] }: Wanted): string | undefined {
  const own = { header: parameters[0], "cel-header": parameters[0], hmac: parameters[0] }[scheme];
  return own?.toLowerCase() ?? HEADERS[scheme];
}

const HEADERS: Readonly<Record<string, string>> = {
  github: "x-hub-signature-256",
  gitlab: "x-gitlab-token",
  bitbucket: "x-hub-signature",
  slack: "x-slack-signature",
  bearer: "authorization",
  basic: "authorization",
  "standard-webhooks": "webhook-signature",
};

/**
 * The request with a proof by this scheme.
 *
 * @param at now, milliseconds since the epoch: some schemes sign it.
 */
export async function signed(
  request: Outgoing,
  wanted: Wanted,
  secret: Buffer,
  at: number,
): Promise<Outgoing> {
  const sign = SIGNERS[wanted.scheme];
  return sign === undefined ? request : sign(request, secret, wanted.parameters ?? [], at);
}

/** The proofs that can be named on the command line; `header` and `hmac` with the header's name behind a colon. */
export const PROOFS = [
  ...["github", "gitlab", "bitbucket", "slack", "bearer", "basic", "standard-webhooks"],
  ...["header:<name>", "hmac:<name>", "path-token:<namespace>/<secret>/<key>"],
] as const;

/**
 * Reads `bearer` or `header:X-Token`. A MAC named so is one of the body, by sha256 in hexadecimal digits.
 *
 * @throws SluiceError SLUICE_ARGUMENT_INVALID for any other word.
 */
export function proofFor(text: string): Wanted {
  const [, scheme = "", parameter] = /^([a-z-]+)(?::(.+))?$/.exec(text) ?? [];
  const wants = PROOFS.find((one) => one.split(":")[0] === scheme);
  if (wants === undefined || wants.includes(":") !== (parameter !== undefined)) {
    throw misused("--proof", `"${text.slice(0, 80)}" is none of ${PROOFS.join(", ")}`);
  }
  if (parameter === undefined) return { scheme };
  if (scheme === "hmac") return { scheme, parameters: [parameter, "", "hex", "sha256", "{body}"] };
  return { scheme, parameters: [parameter] };
}

function byHeader(request: Outgoing, secret: Buffer, [name = ""]: readonly string[]): Outgoing {
  return withHeader(request, name.toLowerCase(), secret.toString("utf8"));
}

function standard(request: Outgoing, secret: Buffer, at: number): Outgoing {
  const id = request.headers["webhook-id"] ?? `msg_${randomUUID()}`;
  const time = seconds(at);
  const digest = mac("sha256", signingKey(secret) ?? secret, [`${id}.${time}.`, request.body]);
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": time,
    "webhook-signature": `v1,${digest.toString("base64")}`,
  };
  return { ...request, headers: { ...request.headers, ...headers } };
}

/** @param parameters as hmacParameters of src/verify writes them. */
function byTemplate(request: Outgoing, secret: Buffer, parameters: readonly string[], at: number): Outgoing {
  const [name = "", prefix = "", encoding, algorithm = "sha256", template = "{body}"] = parameters;
  const [timestampHeader = ""] = parameters.slice(5);
  const headers: Record<string, string> = { ...request.headers };
  if (timestampHeader !== "") headers[timestampHeader.toLowerCase()] = seconds(at);
  const parts = (splitTemplate(template) ?? []).flatMap((side, index) => {
    const texts = side.map((part) => {
      if ("text" in part) return part.text;
      if (part.name === "timestamp") return seconds(at);
      headers[part.name.toLowerCase()] ??= randomUUID();
      return headers[part.name.toLowerCase()] as string;
    });
    return index === 0 ? [...texts, request.body] : texts;
  });
  const digest = mac(algorithm, secret, parts).toString(encoding === "base64" ? "base64" : "hex");
  headers[name.toLowerCase()] = prefix + digest;
  return { ...request, headers };
}

function mac(algorithm: string, key: Buffer, parts: readonly (string | Buffer)[]): Buffer {
  const made = createHmac(algorithm, key);
  for (const part of parts) made.update(part);
  return made.digest();
}

function withHeader(request: Outgoing, name: string, value: string): Outgoing {
  return { ...request, headers: { ...request.headers, [name]: value } };
}

const seconds = (at: number): string => String(Math.floor(at / 1_000));

/** The headers as fetch and node:http write them: UTF-8. */
export function onTheWire(headers: Outgoing["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [canonicalName(name), wireText(value)]),
  );
}
