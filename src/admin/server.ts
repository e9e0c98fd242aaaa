/** A server that speaks JSON only: errors as the table has them, with a cure, and limits on what is read. */

import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyServerFactory,
} from "fastify";
import Fastify from "fastify";
import type { SluiceError } from "../core/errors.ts";
import { asFault, fault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";

const BODY_LIMIT = 65_536;

/** Milliseconds that a request may take. */
export const REQUEST_TIMEOUT_MS = 10_000;

/** Makes one. @param headers of every answer to an error. @param serverFactory for TLS; plain HTTP without. */
export function jsonServer(
  tell: Tell,
  headers: Readonly<Record<string, string>> = {},
  serverFactory?: FastifyServerFactory,
): FastifyInstance {
  const answer = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const error = requestFault(thrown as FastifyError, request) ?? asFault(thrown);
    if (error.code === "SLUICE_INTERNAL") tell({ type: "defect", where: "ops", error });
    const { code, message, fix, status, values } = error;
    reply.headers({ ...headers, ...(status === 401 && { "www-authenticate": "Bearer" }) });
    reply.code(status).send({ error: { code, message, fix, values } });
  };
  const app = Fastify({
    ...{ bodyLimit: BODY_LIMIT, requestTimeout: REQUEST_TIMEOUT_MS, frameworkErrors: answer },
    ...(serverFactory && { serverFactory }),
  });
  // Without this parser a page of a stranger cannot send a body without asking first (CORS preflight).
  app.removeContentTypeParser("text/plain");
  // Clients name a type with every call; nothing sent is no body, whatever it would have been.
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser<string>("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else parse(request, body, done);
  });
  app.setErrorHandler(answer);
  app.setNotFoundHandler((request) => {
    throw fault("SLUICE_ROUTE_UNKNOWN", { method: request.method, path: request.url.slice(0, 200) });
  });
  return app;
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
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return invalid("body", "is no JSON", "a JSON object, or nothing");
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return invalid("Content-Length", "is not the body's length", "the number of bytes sent");
    case "FST_ERR_BAD_URL":
    case "FST_ERR_MAX_PARAM_LENGTH":
      return invalid("path", `${url.slice(0, 200)} cannot be read`, "a path of this API");
    default:
      return code?.startsWith("FST_") && statusCode < 500
        ? invalid("request", `cannot be read: ${thrown.message}`, "a well-formed one")
        : undefined;
  }
}
