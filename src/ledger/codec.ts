/** Bytes as the ledger stores them: requests and decisions, compressed where that pays, format in the first byte. */

import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Decision } from "../core/decision.ts";
import type { Delivery } from "../core/delivery.ts";
import { fault } from "../core/errors.ts";
import type { HeaderMap } from "../core/headers.ts";
import { maskHeaders } from "../core/headers.ts";

const PLAIN = 1;
const ZSTD = 2;

/** Below this many bytes zstd's set-up (some 40 µs) costs more than the memory is worth. */
const WORTH_COMPRESSING = 1_536;

// Level 1 and an output buffer of the usual result's size: 45 µs for a GitHub payload of 21 KB, which becomes 1.9 KB.
const options = { chunkSize: 8_192, params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** @returns a format byte; for zstd four bytes of original length, which bounds decompression; the bytes. */
export function encode(bytes: Buffer): Buffer {
  if (bytes.length < WORTH_COMPRESSING) return Buffer.concat([Buffer.of(PLAIN), bytes]);
  const head = Buffer.alloc(5);
  head[0] = ZSTD;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, zstdCompressSync(bytes, options)]);
}

/**
 * The inverse of {@link encode}.
 *
 * @throws SluiceError SLUICE_STORE_VERSION for a format of a newer version.
 */
export function decode(stored: Uint8Array): Buffer {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (bytes[0] === PLAIN) return bytes.subarray(1);
  if (bytes[0] === ZSTD) {
    return zstdDecompressSync(bytes.subarray(5), { maxOutputLength: Math.max(1, bytes.readUInt32BE(1)) });
  }
  throw fault("SLUICE_STORE_VERSION", { found: `record format ${bytes[0]}`, known: `${PLAIN}, ${ZSTD}` });
}

/** What a request says before its body. */
export interface Head {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderMap;
}

/** The request line and headers; sensitive values are masked here, so that none can reach storage. */
export function encodeHead({ method, url, headers }: Delivery): Buffer {
  return encodeJson({ method, url, headers: maskHeaders(headers) });
}

export function decodeHead(stored: Uint8Array): Head {
  return decodeJson<Head>(stored);
}

/** Decisions with traces and jobs: what must be created can be queued again from here. */
export function encodeDecisions(decisions: readonly Decision[]): Buffer {
  return encodeJson(decisions);
}

export function decodeDecisions(stored: Uint8Array): readonly Decision[] {
  return decodeJson<readonly Decision[]>(stored);
}

function encodeJson(value: unknown): Buffer {
  return encode(Buffer.from(JSON.stringify(value)));
}

// The text is our own, written by encodeJson; the format byte guards its shape.
function decodeJson<T>(stored: Uint8Array): T {
  return JSON.parse(decode(stored).toString("utf8")) as T;
}
