/** The raw body: collected byte by byte up to a limit, however the sender announced it. */

import type { IncomingMessage } from "node:http";
import { fault } from "../core/errors.ts";
import type { Share } from "./budget.ts";

export interface ReadOptions {
  /** Called for each chunk as it arrives, in order, once the share took it: a MAC can be computed before the body is whole. */
  readonly onChunk?: (chunk: Buffer) => void;
}

/**
 * Reads a request body.
 *
 * @param limit bytes; counted as they arrive, because a chunked request announces nothing.
 * @param share what it may take of the memory for all bodies; the caller gives it back.
 * @throws SluiceError SLUICE_BUSY where that leaves no room, SLUICE_BODY_TOO_LARGE as soon as the limit is passed (at once where Content-Length says so),
 *   SLUICE_ENCODING for a compressed body, SLUICE_SENDER_GONE when the connection ends first.
 */
export function readBody(
  request: IncomingMessage,
  limit: number,
  share: Share,
  { onChunk }: ReadOptions = {},
): Promise<Buffer> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    return Promise.reject(fault("SLUICE_ENCODING", { encoding: encoding.slice(0, 50) }));
  }
  const tooLarge = () => fault("SLUICE_BODY_TOO_LARGE", { limit: String(limit) });
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limit) return passedBy(request, tooLarge());
  if (!share.fits(announced)) return passedBy(request, fault("SLUICE_BUSY"));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      const fits = size <= limit && share.take(chunk.length);
      if (fits) {
        chunks.push(chunk);
        onChunk?.(chunk);
        return;
      }
      chunks.length = 0;
      share.release();
      request.off("data", onData).off("end", onEnd);
      passedBy(request, size > limit ? tooLarge() : fault("SLUICE_BUSY")).catch(reject);
    };
    const onEnd = (): void =>
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size));
    request.on("data", onData).on("end", onEnd);
    const onGone = (cause?: Error): void => reject(fault("SLUICE_SENDER_GONE", {}, { cause }));
    request.on("error", onGone).on("aborted", () => onGone());
  });
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
