/** The API, version 1: its routes, mounted on a server with the rights that each wants. */

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { JsonObject } from "../core/json.ts";
import type { Permission } from "../core/permission.ts";
import type { Asking } from "./access.ts";
import { openApi } from "./openapi.ts";
import { type Caller, type Route, route } from "./route.ts";
import { batchRoutes } from "./routes/batches.ts";
import { deadRoutes } from "./routes/dead.ts";
import { deliveryRoutes } from "./routes/deliveries.ts";
import { ledgerRoutes } from "./routes/ledger.ts";
import { queueRoutes } from "./routes/queue.ts";
import { refusedRoutes } from "./routes/refused.ts";
import type { ApiServices } from "./services.ts";

/** Every route, and the document that describes them. */
export function apiRoutes(services: ApiServices, version: string): readonly Route[] {
  const document: Route = route({
    ...{ method: "GET", path: "/api/v1/openapi.json", operation: "openapi", permission: "none" },
    summary: "This document.",
    answer: { status: 200, schema: { type: "object" } },
    handle: async (): Promise<JsonObject> => described,
  });
  const routes = [
    ...deliveryRoutes(services),
    ...batchRoutes(services),
    ...deadRoutes(services),
    ...refusedRoutes(services),
    ...queueRoutes(services),
    ...ledgerRoutes(services),
    document,
  ];
  const described = openApi(routes, version);
  return routes;
}

const NOBODY: Caller = { name: "", permissions: new Set<Permission>() };

/**
 * Adds routes to a server.
 *
 * @param access says who asks, before a body is read. @throws SluiceError.
 */
export function addRoutes(
  app: FastifyInstance,
  routes: readonly Route[],
  access: (asking: Asking) => Caller,
): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  for (const { method, path, permission, handle } of routes) {
    app.route({
      method,
      url: path.replace("{id}", ":id"),
      async onRequest(request) {
        if (permission === "none") return;
        const { authorization } = request.headers;
        callers.set(request, access({ method, path: request.url, authorization, permission }));
      },
      async handler(request, reply) {
        const { id = "" } = request.params as { readonly id?: string };
        const { query, body } = request;
        const answer = await handle({ id, query, body, caller: callers.get(request) ?? NOBODY });
        if (answer.location !== undefined) reply.header("location", answer.location);
        return reply.code(answer.status).send(answer.body);
      },
    });
  }
}
