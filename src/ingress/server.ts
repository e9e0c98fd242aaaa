/** The webhook port: routes a request to its listener, takes the raw body, answers with what accept made of it. */

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Delivery, ObjectName } from "../core/delivery.ts";
import { asFault, fault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import { headersFromPairs } from "../core/headers.ts";
import type { ListenerPlan, Plans } from "../core/plan.ts";
import { readBody } from "./body.ts";
import { accepted, type Reply, refused } from "./reply.ts";
import { routeTo } from "./route.ts";

/** A request whose listener is known: a delivery that has no id yet. */
export type Arrival = Omit<Delivery, "id" | "listener">;

export interface IngressOptions {
  readonly plans: Plans;
  /** Stores a delivery; resolves with its eventID. @throws SluiceError, whose status becomes the answer. */
  readonly accept: (arrival: Arrival, plan: ListenerPlan) => Promise<string>;
  readonly tell: Tell;
  /** Bytes; a listener may only lower it. */
  readonly maxBody: number;
  readonly defaultListener?: ObjectName;
  /** Milliseconds a sender may take for one request. */
  readonly requestTimeout?: number;
  readonly clock?: () => number;
}

/** Builds the server; the caller listens and closes. `GET /live` answers 200 while the process lives. */
export function createIngress(options: IngressOptions): FastifyInstance {
  const { plans, accept, tell, maxBody, defaultListener, clock = Date.now } = options;
  const app = Fastify({
    logger: false,
    requestTimeout: options.requestTimeout ?? 60_000,
    // Handlers read the body themselves; fastify must neither limit nor parse it.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    forceCloseConnections: "idle",
    return503OnClosing: true,
    exposeHeadRoutes: false,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));

  app.get("/live", (_request, reply) => reply.send("ok"));
  app.post("/*", handle);
  app.setNotFoundHandler((request, reply) => {
    const error = fault("SLUICE_METHOD", { method: request.method });
    tell({ type: "delivery.refused", code: error.code, status: error.status, reason: error.message });
    return send(reply, refused(error, undefined));
  });
  app.setErrorHandler((thrown, _request, reply) => send(reply, refused(asFault(thrown), undefined)));

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    let plan: ListenerPlan | undefined;
    try {
      plan = routeTo(
        plans,
        { method: request.method, url: request.url, host: request.headers.host },
        defaultListener,
      );
      const body = await readBody(request.raw, Math.min(plan.maxBodyBytes ?? maxBody, maxBody));
      const arrival: Arrival = {
        receivedAt: clock(),
        method: request.method,
        url: request.url,
        headers: headersFromPairs(request.raw.rawHeaders),
        body,
      };
      return send(reply, accepted(plan, await accept(arrival, plan)));
    } catch (thrown) {
      const error = asFault(thrown);
      const where = plan === undefined ? {} : { listener: { namespace: plan.namespace, name: plan.name } };
      tell({
        type: "delivery.refused",
        ...where,
        code: error.code,
        status: error.status,
        reason: error.message,
      });
      return send(reply, refused(error, plan));
    }
  }
  return app;
}

function send(reply: FastifyReply, answer: Reply): FastifyReply {
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}
