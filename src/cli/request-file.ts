/** A raw HTTP request in a file, as Tekton's own tools take it: request line, headers, empty line, body. */

import { headersFromWire } from "../core/header-bytes.ts";
import type { HeaderMap } from "../core/headers.ts";
import { misused } from "./verb.ts";

export interface RequestFile {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderMap;
  readonly body: Buffer;
}

/**
 * Reads a request. Lines may end in LF or CRLF; the body is what follows the empty line, cut at Content-Length where
 * there is one and it is shorter.
 *
 * @throws SluiceError SLUICE_ARGUMENT_INVALID when it is no request.
 */
export function parseRequest(bytes: Buffer): RequestFile {
  const end = /\r?\n\r?\n/.exec(bytes.toString("latin1"));
  const head = bytes
    .subarray(0, end?.index ?? bytes.length)
    .toString("latin1")
    .replace(/\r?\n$/, "");
  const [first = "", ...lines] = head.split(/\r?\n/);
  const start = /^([A-Z]+) (\S+) HTTP\/\d(?:\.\d)?$/.exec(first.trim());
  if (start === null) throw invalid(`the first line is "${first.slice(0, 80)}", not like "POST / HTTP/1.1"`);
  const pairs = lines.flatMap((line) => {
    const colon = line.indexOf(":");
    if (colon < 1) throw invalid(`"${line.slice(0, 80)}" is no header`);
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  const { Host: _host, ...headers } = headersFromWire(pairs);
  const rest = end === null ? Buffer.alloc(0) : bytes.subarray(end.index + end[0].length);
  const length = Number(headers["Content-Length"]?.[0] ?? rest.length);
  const body = Number.isSafeInteger(length) && length < rest.length ? rest.subarray(0, length) : rest;
  return { method: start[1] as string, url: start[2] as string, headers, body };
}

function invalid(reason: string): Error {
  return misused("--request", reason);
}
