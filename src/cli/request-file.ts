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
  /** For people: what of the file does not fit together. */
  readonly doubt?: string;
}

/**
 * Reads a request. Lines of raw HTTP may end in LF or CRLF; the body is what follows the empty line, without the line
 * ends that an editor puts behind Content-Length, and without the frame of chunks.
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
  const made = /^chunked$/i.test(header(headers, "Transfer-Encoding") ?? "")
    ? { body: unchunked(rest) }
    : measured(rest, header(headers, "Content-Length"));
  return { method: start[1] as string, url: start[2] as string, host: header(all, "Host"), headers, ...made };
}

/** A body that was edited is taken whole, though its Content-Length says otherwise. */
function measured(rest: Buffer, said: string | undefined): Pick<RequestFile, "body" | "doubt"> {
  const length = Number(said ?? rest.length);
  if (!Number.isSafeInteger(length) || length === rest.length) return { body: rest };
  const behind = rest.subarray(length).toString("latin1");
  if (length < rest.length && /^[\r\n]*$/.test(behind)) return { body: rest.subarray(0, length) };
  const doubt = `Content-Length is ${length}, and ${rest.length} bytes follow the headers: all of these are taken; serve goes by Content-Length`;
  return { body: rest, doubt };
}

/** @throws SluiceError SLUICE_ARGUMENT_INVALID where the frame is broken. */
function unchunked(rest: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = /^([0-9a-f]{1,8})(?:;[^\r\n]*)?\r?\n/i.exec(rest.toString("latin1", at, at + 256));
    if (line === null) throw invalid("Transfer-Encoding is chunked, and the body is not in chunks");
    const size = Number.parseInt(line[1] as string, 16);
    if (size === 0) return Buffer.concat(parts);
    const from = at + line[0].length;
    if (from + size > rest.length) throw invalid("the last chunk of the body is cut off");
    parts.push(rest.subarray(from, from + size));
    at = from + size;
    while (rest[at] === 0x0d || rest[at] === 0x0a) at++;
  }
}

/** Its sensitive headers are masked: nothing but the record tells that its proof held. */
function stored(bytes: Buffer): RequestFile {
  const value = tryParseJson(bytes.toString("utf8"));
  if (!isJsonObject(value)) throw invalid("it begins as JSON does, and is no JSON object");
  const { method = "POST", url, headers = {}, encoding = "utf8", body } = value;
  const isWhole = typeof method === "string" && typeof url === "string" && typeof body === "string";
  if (!isWhole || !isJsonObject(headers) || (encoding !== "utf8" && encoding !== "base64")) {
    throw invalid(
      'it is JSON, but not like {"method", "url", "headers", "encoding": "utf8" or "base64", "body"}; a body alone is given by --payload',
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
