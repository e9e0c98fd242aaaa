/** One request to the API server: kept connections, a deadline, a cap on the answer, fresh credentials after a 401. */

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { fault, reasonOf } from "../core/errors.ts";
import type { Access, Session } from "./session.ts";
import { type ApiRequest, type HttpTarget, openRequest, targetOf } from "./wire.ts";

export type { ApiRequest };

export interface ApiResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty for a 201 whose request said `statusOnly`. */
  readonly body: string;
}

/** A 200 whose body comes bit by bit, for hours. Whoever opened it reads or destroys it. */
export interface ApiStream {
  readonly status: 200;
  readonly chunks: IncomingMessage;
}

export interface Api {
  /** For people: whose rights count. */
  readonly account: string;
  /** @throws SluiceError SLUICE_CREATE_UNREACHABLE without an answer, SLUICE_CREATE_CREDENTIALS without credentials. */
  send(request: ApiRequest): Promise<ApiResponse>;
  /** Asks for an answer without an end; what is no 200 comes as a whole. @throws SluiceError as {@link Api.send}. */
  stream(request: ApiRequest): Promise<ApiResponse | ApiStream>;
}

export interface ApiLimits {
  /** Milliseconds for the whole exchange; of a stream, until its headers are there. */
  readonly timeoutMs: number;
  /** Largest answer in bytes; streams have none. */
  readonly maxBytes: number;
}

export const DEFAULT_LIMITS: ApiLimits = { timeoutMs: 10_000, maxBytes: 8 * 1024 * 1024 };

/** The cause of SLUICE_CREATE_UNREACHABLE where the server did answer, but with more than it may. */
export class AnswerTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`the answer is larger than ${maxBytes} bytes`);
  }
}

export function createApi(session: Session, limits: ApiLimits = DEFAULT_LIMITS): Api {
  const target = targetOf(session.server);

  async function attempt<T>(once: Exchange<T>, request: ApiRequest, access: Access): Promise<T> {
    try {
      return await once(target, request, access, limits);
    } catch (error) {
      // The server may close a kept connection just when we use it. Asking again is safe: names are fixed.
      if (!(error instanceof StaleConnection)) throw unreachable(error);
    }
    const now = await session.access();
    return once(target, request, now, limits).catch((error: unknown) => {
      throw unreachable(error);
    });
  }

  async function proven<T extends { readonly status: number }>(once: Exchange<T>, request: ApiRequest) {
    const access = await session.access();
    const response = await attempt(once, request, access);
    if (response.status !== 401 || !session.renew(access)) return response;
    return attempt(once, request, await session.access());
  }

  return {
    account: session.account,
    send: (request) => proven(whole, request),
    stream: (request) => proven(opened, request),
  };
}

class StaleConnection extends Error {}

type Exchange<T> = (target: HttpTarget, request: ApiRequest, access: Access, limits: ApiLimits) => Promise<T>;

const whole: Exchange<ApiResponse> = (target, request, access, limits) => {
  const { promise, resolve, reject } = Promise.withResolvers<ApiResponse>();
  begin(target, request, access, limits, reject, (incoming) => {
    if (incoming.statusCode !== 201 || request.statusOnly !== true)
      return read(incoming, limits.maxBytes, resolve, reject);
    resolve({ status: 201, headers: incoming.headers, body: "" });
    // Read to its end, so that the connection can be used again; whatever happens to it, the object exists.
    incoming.on("error", () => {}).resume();
  });
  return promise;
};

/** TCP asks a silent peer after this many milliseconds whether it is there, and gives it ten seconds to say so. */
const PEER_MS = 15_000;

const opened: Exchange<ApiResponse | ApiStream> = (target, request, access, limits) => {
  const { promise, resolve, reject } = Promise.withResolvers<ApiResponse | ApiStream>();
  const stop = begin(target, request, access, limits, reject, (incoming) => {
    if (incoming.statusCode !== 200) return read(incoming, limits.maxBytes, resolve, reject);
    stop();
    incoming.socket.setKeepAlive(true, PEER_MS);
    resolve({ status: 200, chunks: incoming });
  });
  return promise;
};

/** @returns what lifts the deadline. */
function begin(
  target: HttpTarget,
  request: ApiRequest,
  access: Access,
  { timeoutMs }: ApiLimits,
  reject: (error: Error) => void,
  onAnswer: (incoming: IncomingMessage) => void,
): () => void {
  const outgoing = openRequest(target, request, access, onAnswer);
  const timer = setTimeout(() => outgoing.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  outgoing.on("close", () => clearTimeout(timer));
  outgoing.on("error", (error: NodeJS.ErrnoException) => {
    const stale = outgoing.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
    reject(stale ? new StaleConnection(error.message, { cause: error }) : error);
  });
  outgoing.end(request.body);
  return () => clearTimeout(timer);
}

function read(
  incoming: IncomingMessage,
  maxBytes: number,
  resolve: (response: ApiResponse) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  incoming.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else incoming.destroy(new AnswerTooLarge(maxBytes));
  });
  incoming.on("error", reject);
  incoming.on("end", () => {
    const { statusCode = 0, headers } = incoming;
    resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString() });
  });
}

function unreachable(error: unknown): Error {
  return fault("SLUICE_CREATE_UNREACHABLE", { reason: reasonOf(error) }, { cause: error });
}
