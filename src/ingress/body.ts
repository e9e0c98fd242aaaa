/** The raw body: collected byte by byte up to a limit, however the sender announced it. */

import type { IncomingMessage } from "node:http";
import { fault } from "../core/errors.ts";

/**
 * Reads a request body.
 *
 * @param limit bytes; counted as they arrive, because a chunked request announces nothing.
 * @throws SluiceError SLUICE_BODY_TOO_LARGE as soon as the limit is passed (at once where Content-Length says so),
 *   SLUICE_ENCODING for a compressed body.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    return Promise.reject(fault("SLUICE_ENCODING", { encoding: encoding.slice(0, 50) }));
  }
  const tooLarge = () => fault("SLUICE_BODY_TOO_LARGE", { limit: String(limit) });
  if (Number(request.headers["content-length"]) > limit) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) {
        chunks.length = 0;
        // What still comes is let through unread, so that the sender sees the answer and not a reset.
        request.off("data", onData).off("end", onEnd);
        request.resume();
        reject(tooLarge());
      } else chunks.push(chunk);
    };
    const onEnd = (): void =>
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size));
    request.on("data", onData).on("end", onEnd);
    request.on("error", reject).on("aborted", () => reject(new Error("the sender hung up")));
  });
}
