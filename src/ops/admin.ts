/** The admin server: health, readiness, metrics and the API, on a host and port of its own. */

import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Fastify from "fastify";
import type { SluiceError } from "../core/errors.ts";
import { asFault, fault, reasonOf } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { ApiServices } from "./api.ts";
import { addApi } from "./api.ts";
import type { Check } from "./checks.ts";
import { readiness } from "./checks.ts";
import { adminGuard } from "./guard.ts";

export interface AdminOptions extends ApiServices {
  readonly host: string;
  /** 0 asks the system for a free one. */
  readonly port: number;
  readonly checks: readonly Check[];
  readonly metrics: { readonly contentType: string; expose(): Promise<string> };
  readonly version: string;
  readonly tell: Tell;
}

export interface Admin {
  /**
   * Starts to listen.
   *
   * @returns the address: `http://127.0.0.1:9000`.
   * @throws SluiceError SLUICE_CONFIG_INVALID when the address cannot be had.
   */
  listen(): Promise<string>;
  /** Takes no more requests and finishes those in hand. */
  close(): Promise<void>;
}

const BODY_LIMIT = 65_536;

/** Nothing here is for a browser to keep, sniff, frame or run. */
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;

/** Makes the admin server; it listens when told to. */
export function createAdmin(options: AdminOptions): Admin {
  const { host, port, checks, metrics, version, tell } = options;
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: 10_000,
    frameworkErrors: (error, request, reply) => answer(error, request, reply, tell),
  });
  // Without this parser a page of a stranger cannot send a body without asking first (CORS preflight).
  app.removeContentTypeParser("text/plain");
  const guard = adminGuard(host);
  app.addHook("onRequest", async ({ method, headers }, reply) => {
    reply.headers(HEADERS);
    const site = headers["sec-fetch-site"];
    guard({
      method,
      host: headers.host,
      origin: headers.origin,
      site: Array.isArray(site) ? site.join() : site,
    });
  });
  app.setErrorHandler((error, request, reply) => answer(error, request, reply, tell));
  app.setNotFoundHandler((request) => {
    throw fault("SLUICE_ROUTE_UNKNOWN", { method: request.method, path: request.url.slice(0, 200) });
  });

  app.get("/healthz", () => ({ status: "ok", version }));
  app.get("/readyz", async (_request, reply) => {
    const state = await readiness(checks);
    return reply.code(state.ready ? 200 : 503).send(state);
  });
  app.get("/metrics", async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.expose()),
  );
  addApi(app, options);

  return { listen: () => listen(app, host, port), close: () => app.close() };
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const reason = `cannot listen on ${host}:${port}: ${reasonOf(error)}`;
    throw fault("SLUICE_CONFIG_INVALID", { key: "admin", reason }, { cause: error });
  }
}

/** Answers with an error as the table has it; what nobody expected is also stated as a defect. */
function answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply, tell: Tell): void {
  const error = requestFault(thrown as FastifyError, request) ?? asFault(thrown);
  if (error.code === "SLUICE_INTERNAL") tell({ type: "defect", where: "ops", error });
  const { code, message, fix, status, values } = error;
  reply.headers(HEADERS).code(status).send({ error: { code, message, fix, values } });
}

/** Errors that fastify itself finds in a request, by its codes. */
function requestFault(thrown: FastifyError, { url }: FastifyRequest): SluiceError | undefined {
  const { code, statusCode = 500 } = thrown;
  const invalid = (field: string, reason: string, expected: string) =>
    fault("SLUICE_REQUEST_INVALID", { field, reason, expected });
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return fault("SLUICE_BODY_TOO_LARGE", { limit: String(BODY_LIMIT) });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return invalid("Content-Type", "is not taken", "application/json");
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return invalid("body", "is no JSON", "a JSON object, or no body and no Content-Type");
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return invalid("Content-Length", "is not the body's length", "the number of bytes sent");
    case "FST_ERR_BAD_URL":
    case "FST_ERR_MAX_PARAM_LENGTH":
      return invalid("path", `${url.slice(0, 200)} cannot be read`, "a path of this API");
    default:
      return code?.startsWith("FST_") && statusCode < 500
        ? invalid("request", thrown.message, "a well-formed one")
        : undefined;
  }
}
