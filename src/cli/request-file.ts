/** A request in a file: raw HTTP as Tekton's own tools take it, or the JSON that `sluice deliveries payload -o json` gives. */

import { headersFromWire } from "../core/header-bytes.ts";
import { canonicalName, type HeaderMap, header } from "../core/headers.ts";
import { isJsonObject, type JsonValue, setOwn, tryParseJson } from "../core/json.ts";
import { misused } from "./verb.ts";

export interface RequestFile {
  readonly method: string;
  readonly url: string;
  /** The header Host, which is no part of `headers`; routes go by it. */
  readonly host: string | undefined;
  readonly headers: HeaderMap;
  readonly body: Buffer;
}

/**
 * Reads a request. Lines of raw HTTP may end in LF or CRLF; the body is what follows the empty line, cut at
 * Content-Length where there is one and it is shorter.
 *
 * @throws SluiceError SLUICE_ARGUMENT_INVALID when it is no request.
 */
export function parseRequest(bytes: Buffer): RequestFile {
  return bytes.subarray(0, 64).toString("latin1").trimStart().startsWith("{") ? stored(bytes) : raw(bytes);
}

function raw(bytes: Buffer): RequestFile {
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
  const all = headersFromWire(pairs);
  const { Host: _host, ...headers } = all;
  const rest = end === null ? Buffer.alloc(0) : bytes.subarray(end.index + end[0].length);
  const length = Number(headers["Content-Length"]?.[0] ?? rest.length);
  const body = Number.isSafeInteger(length) && length < rest.length ? rest.subarray(0, length) : rest;
  return { method: start[1] as string, url: start[2] as string, host: header(all, "Host"), headers, body };
}

/** Its sensitive headers are masked: nothing but the record tells that its proof held. */
function stored(bytes: Buffer): RequestFile {
  const value = tryParseJson(bytes.toString("utf8"));
  if (!isJsonObject(value)) throw invalid("it begins as JSON does, and is no JSON object");
  const { method = "POST", url, headers = {}, encoding = "utf8", body } = value;
  const isWhole = typeof method === "string" && typeof url === "string" && typeof body === "string";
  if (!isWhole || !isJsonObject(headers) || (encoding !== "utf8" && encoding !== "base64")) {
    throw invalid(
      'it is JSON, but not like {"method", "url", "headers", "encoding": "utf8" or "base64", "body"}',
    );
  }
  return { method, url, host: undefined, headers: headersOf(headers), body: Buffer.from(body, encoding) };
}

function headersOf(given: Readonly<Record<string, JsonValue>>): HeaderMap {
  const headers: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(given)) {
    const values = Array.isArray(value) ? value : [value];
    if (!values.every((one) => typeof one === "string"))
      throw invalid(`header ${name.slice(0, 80)} is no text`);
    if (canonicalName(name) !== "Host") setOwn(headers, canonicalName(name), values);
  }
  return headers;
}

function invalid(reason: string): Error {
  return misused("--request", reason);
}
