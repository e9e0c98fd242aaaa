/** The webhook port: routes a request to its listener, takes the raw body, answers with what accept made of it. */

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Delivery, ObjectName } from "../core/delivery.ts";
import { asFault, fault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import { type HeaderMap, headersFromPairs } from "../core/headers.ts";
import { newDeliveryId } from "../core/identity.ts";
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
  /** The status of a delivery whose proof failed: 202 is Tekton's, and means nothing then. */
  readonly unverifiedReply?: 401 | 202;
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
    forceCloseConnections: "idle",
    return503OnClosing: true,
    exposeHeadRoutes: false,
  });
  app.get("/live", (_request, reply) => reply.send("ok"));
  // Answered before fastify looks at the content type: senders write nonsense there, and Tekton takes it.
  app.post("/*", { onRequest: handle }, () => undefined);
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
        headers: headersOf(request),
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
      if (error.status === 401 && plan !== undefined && options.unverifiedReply === 202) {
        return send(reply, accepted(plan, newDeliveryId(clock())));
      }
      return send(reply, refused(error, plan));
    }
  }
  return app;
}

function send(reply: FastifyReply, answer: Reply): FastifyReply {
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}

// Go keeps Host apart from the other headers, and filters are to see what they see there.
function headersOf(request: FastifyRequest): HeaderMap {
  const { Host: _host, ...headers } = headersFromPairs(request.raw.rawHeaders);
  return headers;
}
