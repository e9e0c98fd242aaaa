/** What HTTP/1.1 forbids and Node's parser lets pass: refused before a request is routed. */

import type { IncomingMessage } from "node:http";
import { fault, type SluiceError } from "../core/errors.ts";

/**
 * Refuses a request that another program on the way may read as another one. Node's parser has refused most spellings by
 * then: both lengths, lengths that differ, bare LF, folded lines, spaces before the colon.
 *
 * @returns the refusal: SLUICE_HTTP_VERSION, SLUICE_TRANSFER_ENCODING or SLUICE_HTTP_INVALID; undefined for the rest.
 */
export function refuseLax({ httpVersion, headers, rawHeaders }: IncomingMessage): SluiceError | undefined {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") {
    return fault("SLUICE_HTTP_VERSION", { version: httpVersion });
  }
  const encoding = headers["transfer-encoding"];
  // HTTP/1.0 has none, and who passes it on may take the body for the next request.
  if (encoding !== undefined && (httpVersion === "1.0" || encoding.trim().toLowerCase() !== "chunked")) {
    return fault("SLUICE_TRANSFER_ENCODING", { encoding: encoding.slice(0, 50) });
  }
  const hosts = countOf(rawHeaders, "host");
  if (hosts > 1) return fault("SLUICE_HTTP_INVALID", { reason: "it has two Host headers" });
  if (hosts === 0 && httpVersion === "1.1") {
    return fault("SLUICE_HTTP_INVALID", { reason: "it has no Host header" });
  }
  return undefined;
}

function countOf(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const written = rawHeaders[i] as string;
    if (written.length === name.length && written.toLowerCase() === name) count++;
  }
  return count;
}
