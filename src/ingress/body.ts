/** The raw body: collected byte by byte up to a limit, however the sender announced it. */

import type { IncomingMessage } from "node:http";
import { fault, type SluiceError } from "../core/errors.ts";
import { type Share, SMALL } from "./budget.ts";
import type { ReadPace } from "./read-pace.ts";

export interface ReadOptions {
  /** Called for each chunk as it arrives, in order, once the share took it: a MAC can be computed before the body is whole. */
  readonly onChunk?: (chunk: Buffer) => void;
  /** Shared by all bodies; without it a large one is read as fast as it comes. */
  readonly pace?: ReadPace;
}

/** The refusal of a compressed body; undefined for any other. */
export function refuseEncoding(encoding: string | undefined): SluiceError | undefined {
  if (encoding === undefined || isIdentity.test(encoding)) return undefined;
  return fault("SLUICE_ENCODING", { encoding: encoding.slice(0, 50) });
}

/**
 * Reads a request body.
 *
 * @param limit bytes; counted as they arrive, because a chunked request announces nothing.
 * @param share what it may take of the memory for all bodies; the caller gives it back.
 * @throws SluiceError SLUICE_BUSY where that leaves no room, SLUICE_BODY_TOO_LARGE as soon as the limit is passed (at once where Content-Length says so),
 *   SLUICE_ENCODING for a compressed body, SLUICE_SENDER_GONE when the connection ends first, and for what the share is cut.
 */
export function readBody(
  request: IncomingMessage,
  limit: number,
  share: Share,
  { onChunk, pace }: ReadOptions = {},
): Promise<Buffer> {
  const encoded = refuseEncoding(request.headers["content-encoding"]);
  if (encoded !== undefined) return Promise.reject(encoded);
  const tooLarge = () => fault("SLUICE_BODY_TOO_LARGE", { limit: String(limit) });
  const announced = announcedBytes(request);
  if (announced > limit) return passedBy(request, tooLarge());
  if (!share.fits(announced)) return passedBy(request, fault("SLUICE_BUSY"));
  return new Promise((resolve, reject) => {
    const collected = createCollector(announced);
    let size = 0;
    let stopped: Error | undefined;
    const stop = (why: Error): void => {
      stopped = why;
      collected.clear();
      share.release();
      request.off("data", onData).off("end", onEnd);
      passedBy(request, why).catch(reject);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) stop(tooLarge());
      else if (!share.take(chunk.length)) stop(fault("SLUICE_BUSY"));
      else {
        collected.add(chunk);
        onChunk?.(chunk);
        if (size > SMALL) pace?.took(request, chunk.length);
      }
    };
    const onEnd = (): void => {
      const body = collected.whole();
      collected.clear();
      if (share.finish(body)) resolve(body);
      else reject(fault("SLUICE_BUSY"));
    };
    share.onCut(stop);
    request.on("data", onData).on("end", onEnd);
    const onGone = (cause?: Error): void => reject(stopped ?? fault("SLUICE_SENDER_GONE", {}, { cause }));
    request.on("error", onGone).on("aborted", () => onGone());
  });
}

/** What Content-Length says; 0 without one. */
export function announcedBytes(request: IncomingMessage): number {
  return Number(request.headers["content-length"] ?? 0);
}

// Senders also write the names of codings twice, or none behind the colon; all of it means the bytes as they are.
const isIdentity = /^(?:identity|[\s,])*$/i;

/** An announced body from this many bytes on is collected in one piece, once a quarter of it has come. */
const IN_ONE_PIECE = 1024 * 1024;
/** Chunks of at least this many bytes are kept as they came; smaller ones are copied together. */
const OWN_CHUNK = 32 * 1024;
const BLOCK = 64 * 1024;
/** So many are kept as they came, of whatever size: most bodies have no more. */
const FEW_CHUNKS = 4;

interface Collector {
  add(chunk: Buffer): void;
  whole(): Buffer;
  clear(): void;
}

/**
 * Keeps chunks. Each is an object of some 200 bytes that looks into a buffer of up to 64 KiB: a body that is sent byte by
 * byte, or between long chunk extensions, would take many times its size.
 */
function createCollector(announced: number): Collector {
  let kept: Buffer[] = [];
  let size = 0;
  /** Where all of it goes: putting 25 MB together at the end would take twice the memory, and a long turn. */
  let piece: Buffer | undefined;
  let block: Buffer | undefined;
  let used = 0;

  function closeBlock(): void {
    if (block !== undefined) kept.push(block.subarray(0, used));
    block = undefined;
    used = 0;
  }

  return {
    add(chunk) {
      if (piece !== undefined) {
        size += chunk.copy(piece, size);
        return;
      }
      size += chunk.length;
      if (announced >= IN_ONE_PIECE && size >= announced / 4) {
        closeBlock();
        piece = Buffer.allocUnsafeSlow(announced);
        let at = 0;
        for (const part of [...kept, chunk]) at += part.copy(piece, at);
        kept = [];
        return;
      }
      if (chunk.length >= OWN_CHUNK || (kept.length < FEW_CHUNKS && block === undefined)) {
        closeBlock();
        kept.push(chunk);
        return;
      }
      if (block !== undefined && used + chunk.length > block.length) closeBlock();
      block ??= Buffer.allocUnsafeSlow(BLOCK);
      used += chunk.copy(block, used);
    },
    whole() {
      // The parser has seen to it that as much came as was announced.
      if (piece !== undefined) return piece;
      closeBlock();
      return kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept);
    },
    clear() {
      kept = [];
      block = undefined;
      piece = undefined;
    },
  };
}

/** Milliseconds in which a sender may finish a body that nobody reads. */
const LINGER_MS = 1_000;

/**
 * Lets a body pass unread, for a while, before the refusal: who is answered while he still sends, and then cut off,
 * sees a reset and never reads why (RFC 9112 §9.6).
 *
 * @throws the refusal, always.
 */
export async function passedBy(request: IncomingMessage, refusal: Error): Promise<never> {
  request.resume();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LINGER_MS);
    request.once("close", resolve).once("end", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  throw refusal;
}
