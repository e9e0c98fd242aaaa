/** One request over HTTP or HTTPS: what verbs send to a gateway's admin port. */

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { text } from "node:stream/consumers";
import { rootCertificates } from "node:tls";

export interface Exchange {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM texts of what is trusted beside the usual authorities. */
  readonly trusted?: readonly string[];
}

const TIMEOUT_MS = 60_000;

/**
 * Asks once. Redirects are not followed: a token must not go to wherever somebody points.
 *
 * @throws Error of the network, or of a certificate that is not trusted.
 */
export async function exchange(
  url: URL,
  { method, headers, body, trusted = [] }: Exchange,
): Promise<{ readonly status: number; readonly text: string }> {
  const options = { method, headers, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
  // A certificate that an operator named is trusted by itself, whoever issued it.
  const trust = trusted.length === 0 ? {} : { ca: [...rootCertificates, ...trusted] };
  const sent =
    url.protocol === "https:"
      ? secure(url, { ...options, ...trust, allowPartialTrustChain: trusted.length > 0 })
      : plain(url, options);
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: await text(response) };
}
