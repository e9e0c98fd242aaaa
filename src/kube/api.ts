/** One request to the API server: kept connections, a deadline, a cap on the answer, fresh credentials after a 401. */

import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { urlToHttpOptions } from "node:url";
import { fault, reasonOf } from "../core/errors.ts";
import type { Access, Session } from "./session.ts";

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the server's URL: `/apis/tekton.dev/v1/namespaces/ci/pipelineruns`. */
  readonly path: string;
  readonly accept?: string;
  /** JSON text. */
  readonly body?: string;
  /** Of the body; default `application/json`. A PATCH names its kind: `application/merge-patch+json`. */
  readonly contentType?: string;
  /** The user as whom it is done (`system:serviceaccount:ci:builder`): our own account needs the right to impersonate him. */
  readonly as?: string;
  /** True where it is enough that something was created: the body of a 201 is not read. */
  readonly statusOnly?: true;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty for a 201 whose request said `statusOnly`. */
  readonly body: string;
}

export interface Api {
  /** @throws SluiceError SLUICE_CREATE_UNREACHABLE without an answer, SLUICE_CREATE_CREDENTIALS without credentials. */
  send(request: ApiRequest): Promise<ApiResponse>;
}

export interface ApiLimits {
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs: number;
  /** Largest answer in bytes. */
  readonly maxBytes: number;
}

export const DEFAULT_LIMITS: ApiLimits = { timeoutMs: 10_000, maxBytes: 8 * 1024 * 1024 };

export function createApi(session: Session, limits: ApiLimits = DEFAULT_LIMITS): Api {
  const { protocol, hostname, port } = urlToHttpOptions(session.server);
  const target = { protocol, hostname, port, prefix: session.server.pathname.replace(/\/$/, "") };

  async function attempt(request: ApiRequest, access: Access): Promise<ApiResponse> {
    try {
      return await exchange(target, request, access, limits);
    } catch (error) {
      // The server may close a kept connection just when we use it. Asking again is safe: names are fixed.
      if (!(error instanceof StaleConnection)) throw unreachable(error);
    }
    return exchange(target, request, access, limits).catch((error: unknown) => {
      throw unreachable(error);
    });
  }

  return {
    async send(request) {
      const access = await session.access();
      const response = await attempt(request, access);
      if (response.status !== 401 || !session.renew(access)) return response;
      return attempt(request, await session.access());
    },
  };
}

class StaleConnection extends Error {}

interface HttpTarget {
  readonly protocol: string | null | undefined;
  readonly hostname: string | null | undefined;
  readonly port: string | number | null | undefined;
  readonly prefix: string;
}

function exchange(
  target: HttpTarget,
  request: ApiRequest,
  access: Access,
  { timeoutMs, maxBytes }: ApiLimits,
): Promise<ApiResponse> {
  const { protocol, hostname, port, prefix } = target;
  const { promise, resolve, reject } = Promise.withResolvers<ApiResponse>();
  const open = protocol === "http:" ? httpRequest : httpsRequest;
  const { method, path } = request;
  const headers = requestHeaders(target, request, access);
  const outgoing: ClientRequest = open(
    { hostname, port, method, path: prefix + path, agent: access.agent, headers },
    (incoming) => {
      if (incoming.statusCode !== 201 || request.statusOnly !== true)
        return read(incoming, maxBytes, resolve, reject);
      resolve({ status: 201, headers: incoming.headers, body: "" });
      // Read to its end, so that the connection can be used again; whatever happens to it, the object exists.
      incoming.on("error", () => {}).resume();
    },
  );
  const timer = setTimeout(() => outgoing.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  outgoing.on("close", () => clearTimeout(timer));
  outgoing.on("error", (error: NodeJS.ErrnoException) => {
    const stale = outgoing.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
    reject(stale ? new StaleConnection(error.message, { cause: error }) : error);
  });
  outgoing.end(request.body);
  return promise;
}

// As a flat list: node:http then writes them as they are, a tenth cheaper per request than an object.
function requestHeaders({ hostname, port }: HttpTarget, request: ApiRequest, access: Access): string[] {
  const { accept = "application/json", body, contentType = "application/json", as } = request;
  const host = hostname?.includes(":") ? `[${hostname}]` : hostname;
  const headers = ["Host", port ? `${host}:${port}` : `${host}`, "Accept", accept, "User-Agent", "sluice"];
  if (body !== undefined) {
    headers.push("Content-Type", contentType, "Content-Length", String(Buffer.byteLength(body)));
  }
  if (as !== undefined) headers.push("Impersonate-User", as);
  headers.push(...access.headers);
  return headers;
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
    else incoming.destroy(new Error(`the answer is larger than ${maxBytes} bytes`));
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
