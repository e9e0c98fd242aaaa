/** Bytes as the ledger stores them: requests and decisions, compressed where that pays, format in the first byte. */

import { promisify } from "node:util";
import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
} from "node:zlib";
import { type Decision, isWaiting } from "../../core/decision.ts";
import type { Delivery } from "../../core/delivery.ts";
import { fault } from "../../core/errors.ts";
import type { HeaderMap } from "../../core/headers.ts";
import { maskHeaders } from "../../core/headers.ts";
import { maskQuery } from "../../core/url.ts";

const PLAIN = 1;
const BROTLI = 2;

/** Below this many bytes the memory is not worth the call. */
const WORTH_COMPRESSING = 1_024;

// Brotli at quality 0 sets up faster than zstd at level 1, and most of what we store is small. Measured on Node 24, in µs
// of CPU and bytes left: a GitHub payload of 21 KB 31 and 2,069 (zstd 43 and 1,884), decisions of 2.6 KB 11 and 638 (31
// and 552), 1 MB 328 and 27,023 (488 and 21,272).
const options = { chunkSize: 8_192, params: { [constants.BROTLI_PARAM_QUALITY]: 0 } };

/** @returns a format byte; if compressed, four bytes of original length, which bounds decompression; the bytes. */
export function encode(bytes: Buffer): Buffer {
  if (bytes.length < WORTH_COMPRESSING) return Buffer.concat([Buffer.of(PLAIN), bytes]);
  return Buffer.concat([headOf(bytes), compressNow(bytes)]);
}

/**
 * Lets go of the engine's buffer. An engine is a stream, and V8 keeps the function that a stream's constructor assigns to a
 * property, with all that it holds, until a full collection: after 64 MB of buffers one is due, some thousand deliveries.
 */
function compressNow(bytes: Buffer): Buffer {
  const made: unknown = brotliCompressSync(bytes, { ...options, info: true });
  const { buffer, engine } = made as { buffer: Buffer; engine: { _outBuffer: Buffer | undefined } };
  engine._outBuffer = undefined;
  return buffer;
}

function headOf(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head[0] = BROTLI;
  head.writeUInt32BE(bytes.length, 1);
  return head;
}

/** From this many bytes on, a body is compressed by another thread: one of 25 MB takes up to 300 ms. */
const ELSEWHERE = 256 * 1024;
const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

/** As {@link encode}; a large body blocks nothing. */
export function encodeBody(bytes: Buffer): Buffer | Promise<Buffer> {
  if (bytes.length < ELSEWHERE) return encode(bytes);
  const compressed = compress(bytes, { ...options, chunkSize: ELSEWHERE });
  return compressed.then((made) => Buffer.concat([headOf(bytes), made]));
}

/** As {@link decode}; a large body blocks nothing. */
export function decodeBody(stored: Uint8Array): Buffer | Promise<Buffer> {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const length = bytes[0] === BROTLI ? bytes.readUInt32BE(1) : 0;
  return length < ELSEWHERE ? decode(bytes) : decompress(bytes.subarray(5), { maxOutputLength: length });
}

/**
 * The inverse of {@link encode}.
 *
 * @throws SluiceError SLUICE_STORE_VERSION for a format of a newer version.
 */
export function decode(stored: Uint8Array): Buffer {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (bytes[0] === PLAIN) return bytes.subarray(1);
  if (bytes[0] === BROTLI) {
    return brotliDecompressSync(bytes.subarray(5), { maxOutputLength: Math.max(1, bytes.readUInt32BE(1)) });
  }
  throw fault("SLUICE_STORE_VERSION", { found: `record format ${bytes[0]}`, known: `${PLAIN}, ${BROTLI}` });
}

/** Largest head, or decisions, that an import takes: a stored length bounds what is decompressed, and may be anybody's. */
const LARGEST = 64 * 1_048_576;

/** @throws RangeError where stored bytes say that they were larger than any that Sluice writes. */
export function checkSize(stored: Uint8Array): void {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (bytes[0] === BROTLI && bytes.length >= 5 && bytes.readUInt32BE(1) > LARGEST)
    throw new RangeError(`larger than ${LARGEST} bytes when decompressed`);
}

/** What a request says before its body. */
export interface Head {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderMap;
  /** What was masked because a proof reads it. */
  readonly hides?: readonly string[];
  /** SHA-256 of the body, where that is not kept. */
  readonly digest?: string;
}

/** What stands beside the request in a head. */
export interface HeadExtras {
  /** SHA-256 of the body, where that is not kept. */
  readonly digest?: string | undefined;
  /** Makes a signature over the head's text; it stands beside it, where versions that know none pass it over. */
  readonly sign?: (text: string) => string;
}

/** The request line and headers; sensitive values of headers and query are masked here, so that none can reach storage. */
export function encodeHead(delivery: Delivery, { digest, sign }: HeadExtras = {}): Buffer {
  const { method, url, headers, hides } = delivery;
  // JSON leaves out what is undefined.
  const text = JSON.stringify({
    ...{ method, url: maskQuery(url, hides), headers: maskHeaders(headers, hides && new Set(hides)) },
    ...{ hides, digest },
  });
  if (sign === undefined) return encode(Buffer.from(text));
  return encode(Buffer.from(`${text.slice(0, -1)},"mac":${JSON.stringify(sign(text))}}`));
}

export function decodeHead(stored: Uint8Array): Head {
  return readHead(stored).head;
}

/** With the text that was signed, and the signature, where there is one. */
export function readHead(stored: Uint8Array): {
  readonly head: Head;
  readonly text: string;
  readonly mac: string | undefined;
} {
  const { mac, ...head } = decodeJson<Head & { readonly mac?: string }>(stored);
  return { head, text: JSON.stringify(head), mac };
}

/**
 * Decisions with traces and jobs: what must be created can be queued again from here. One that waits is written as a
 * failed one that says for whom it waits: versions that know no waiting show its reason, and stumble over no word.
 */
export function encodeDecisions(decisions: readonly Decision[]): Buffer {
  if (!decisions.some(isWaiting)) return encodeJson(decisions);
  return encodeJson(decisions.map((one) => (isWaiting(one) ? { ...one, result: "failed" } : one)));
}

export function decodeDecisions(stored: Uint8Array): readonly Decision[] {
  const decisions = decodeJson<readonly Decision[]>(stored);
  if (!decisions.some(({ waits }) => waits !== undefined)) return decisions;
  return decisions.map((one) => (one.waits === undefined ? one : { ...one, result: "waiting" }));
}

function encodeJson(value: unknown): Buffer {
  return encode(Buffer.from(JSON.stringify(value)));
}

// The text is our own, written by encodeJson; the format byte guards its shape.
function decodeJson<T>(stored: Uint8Array): T {
  return JSON.parse(decode(stored).toString("utf8")) as T;
}
