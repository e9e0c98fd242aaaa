/** Requests that Node's parser refused, or that did not come in time: answered in our shape, and told. */

import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import type { Reply } from "./reply.ts";

/** Bytes of request line and headers together; Node's own default, named because it is told. */
export const MAX_HEADER_BYTES = 16 * 1024;
/** Milliseconds in which request line and headers must have come. */
export const HEADERS_MS = 10_000;

export interface ClientErrorNeeds {
  readonly refusal: (error: SluiceError, listener: undefined) => Reply;
  /**
   * Ends the reading of a body on this connection for this reason.
   *
   * @returns `idle` where no request is in hand: then nobody else tells of it; `busy` where a whole one is, or one was
   *   refused before it was whole.
   */
  readonly cut: (socket: Socket, why: SluiceError) => "cut" | "busy" | "idle";
  readonly told: (error: SluiceError, socket: Socket) => void;
}

/** Makes the handler of `clientError`: one answer, then the connection is closed, since nobody knows where the next request begins. */
export function createClientErrorHandler({ refusal, cut, told }: ClientErrorNeeds) {
  return (error: ParserError, socket: Socket): void => {
    if (error.code === "ECONNRESET" || socket.destroyed) return;
    const why = faultOf(error);
    if (why !== undefined) {
      const was = cut(socket, why);
      if (was === "idle") told(why, socket);
      // An answer is under way: another one would be taken for it, or for one to a request that nobody sent.
      if (was !== "busy" && socket.writable) socket.write(textOf(refusal(why, undefined)));
    }
    socket.destroySoon();
  };
}

interface ParserError extends NodeJS.ErrnoException {
  /** The parser's own words; they quote nothing of the request. */
  readonly reason?: string;
}

/** Undefined for what is no request: a connection that broke, a handshake that failed. */
function faultOf(error: ParserError): SluiceError | undefined {
  const { code = "" } = error;
  if (code === "HPE_HEADER_OVERFLOW") {
    return fault("SLUICE_HEADERS_TOO_LARGE", { limit: String(MAX_HEADER_BYTES) });
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return fault("SLUICE_SENDER_SLOW", { reason: "it was not whole in time" });
  }
  if (code === "HPE_INVALID_VERSION" && error.reason === "Invalid HTTP version") {
    return fault("SLUICE_HTTP_VERSION", { version: "of that version" });
  }
  if (code === "HPE_INVALID_EOF_STATE") return fault("SLUICE_SENDER_GONE");
  if (!code.startsWith("HPE_")) return undefined;
  return fault("SLUICE_HTTP_INVALID", { reason: error.reason ?? code });
}

/** A response as bytes: at this place there is no response object. */
function textOf({ status, headers, body }: Reply): string {
  const text = body === undefined ? "" : JSON.stringify(body);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(text === "" ? [] : ["content-type: application/json"]),
    `content-length: ${Buffer.byteLength(text)}`,
    "connection: close",
  ];
  return `${lines.join("\r\n")}\r\n\r\n${text}`;
}
