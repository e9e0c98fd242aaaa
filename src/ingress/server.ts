/** The webhook port: routes a request to its listener, takes the raw body, answers with what accept made of it. */

import { METHODS } from "node:http";
import type { Socket } from "node:net";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Connections, DrainTimes } from "../core/connections.ts";
import { createConnections } from "../core/connections.ts";
import type { Delivery, ObjectName, RequestHead } from "../core/delivery.ts";
import { payload } from "../core/delivery.ts";
import { asFault, fault, type SluiceError } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import { headersFromWire } from "../core/header-bytes.ts";
import type { HeaderMap } from "../core/headers.ts";
import { newDeliveryId } from "../core/identity.ts";
import type { ListenerPlan, Plans } from "../core/plan.ts";
import { describe } from "../core/provider.ts";
import type { Certificate } from "../tls/index.ts";
import { announcedBytes, passedBy, readBody } from "./body.ts";
import { createBudget, type Share } from "./budget.ts";
import { clientOf } from "./client.ts";
import { createClientErrorHandler } from "./client-error.ts";
import { costOfDecoding, createBodyLimit, networkOf } from "./limits.ts";
import { createReadPace } from "./read-pace.ts";
import { accepted, type Reply, refused, refusedAsTekton } from "./reply.ts";
import { detour, type RouteOptions, routeTo } from "./route.ts";
import { serverFactory } from "./servers.ts";
import { answerToHandshake, answerToPing, refuseBatch } from "./special.ts";
import { refuseLax } from "./strict.ts";

/** A request whose listener is known: a delivery that has no id yet. */
export type Arrival = Omit<Delivery, "id" | "listener">;

/** A delivery whose body is arriving. */
export interface Opened {
  update(chunk: Buffer): void;
  accept(arrival: Arrival): Promise<string>;
}

export interface IngressOptions {
  readonly plans: Plans;
  /** Stores a delivery; resolves with its eventID. @throws SluiceError, whose status becomes the answer. */
  readonly accept: (arrival: Arrival, plan: ListenerPlan) => Promise<string>;
  /** Opens a delivery before its body is read. @throws SluiceError for what no body can mend: then it is not read. */
  readonly open?: (head: RequestHead, plan: ListenerPlan) => Opened;
  readonly tell: Tell;
  /** Bytes; a listener may only lower it. */
  readonly maxBody: number;
  /** Bytes for listeners that take what nobody proved; default `maxBody`. */
  readonly maxBodyUnproved?: number;
  /** Bytes of all bodies that are being read, decided and stored; made large enough for one body. Default 256 MiB. */
  readonly maxInFlight?: number;
  /** The status of a delivery whose proof failed: 202 is Tekton's, and means nothing then. */
  readonly unverifiedReply?: 401 | 202;
  /**
   * `strict` (default): POST only, paths that name a listener, our code and cure in refusals. `tekton`: any method and
   * path, unclean paths redirected, Tekton's own fields and no others in refusals.
   */
  readonly http?: "strict" | "tekton";
  readonly defaultListener?: ObjectName;
  readonly hosts?: RouteOptions["hosts"];
  /** Speaks TLS with this; plain HTTP without. */
  readonly certificate?: Pick<Certificate, "pair" | "onChange">;
  /** Milliseconds a sender may take for one request. */
  readonly requestTimeout?: number;
  readonly clock?: () => number;
  /** Makes the eventID of a delivery that is answered as if it had been taken. */
  readonly newId?: (now: number) => string;
}

const MAX_IN_FLIGHT = 256 * 1024 * 1024;

/** The server, and how it is brought to its end: {@link Ingress.lameDuck}, then {@link Ingress.drain}, then `close()`. */
export type Ingress = FastifyInstance & {
  readonly lameDuck: Connections["lameDuck"];
  /** Takes what comes on open connections until it is late; then it is refused, and so are bodies that are not whole. */
  drain(times: DrainTimes): Promise<number>;
};

/**
 * Builds the server; the caller listens and closes. While it closes, what is in hand is finished and what comes after on
 * open connections is refused. `GET /live` answers 200 while the process lives.
 */
export function createIngress(options: IngressOptions): Ingress {
  const { plans, accept, tell, maxBody, maxBodyUnproved = maxBody, defaultListener, hosts } = options;
  const { clock = Date.now, newId = newDeliveryId } = options;
  const { requestTimeout = 60_000 } = options;
  const asTekton = options.http === "tekton";
  const routes: RouteOptions = {
    anyPath: asTekton,
    ...(hosts && { hosts }),
    ...(defaultListener && { defaultListener }),
  };
  const limitOf = createBodyLimit({ maxBody, maxBodyUnproved });
  const pace = createReadPace();
  const budget = createBudget({
    limit: options.maxInFlight ?? MAX_IN_FLIGHT,
    atLeast: maxBody,
    decodeCost: costOfDecoding,
    requestTimeout,
    clock,
  });
  const inHand = new Map<Socket, Share>();
  /** Connections on which a request was refused before it was whole: they are closed. */
  const refusedOn = new WeakSet<Socket>();
  const connections = createConnections();
  const refusal = asTekton ? refusedAsTekton : refused;
  const onClientError = createClientErrorHandler({
    refusal,
    told: (error, { remoteAddress: address }) => {
      const { code, status, message: reason } = error;
      tell({ type: "delivery.refused", code, status, reason, ...(address !== undefined && { address }) });
    },
    cut(socket, why) {
      const share = inHand.get(socket);
      if (share?.cut(why)) return "cut";
      return share === undefined && !refusedOn.has(socket) ? "idle" : "busy";
    },
  });
  const app = Fastify({
    logger: false,
    requestTimeout,
    forceCloseConnections: "idle",
    // Fastify's own answer has neither our shape nor Retry-After, and nobody would hear of it.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    serverFactory: serverFactory({
      requestTimeout,
      certificate: options.certificate,
      onClientError,
      connections,
    }),
    // Fastify gives its handler to one server of those that it makes.
    clientErrorHandler: () => undefined,
    // Paths that cannot be decoded: listeners are found by the raw one.
    frameworkErrors: (_error, request, reply) =>
      asTekton || request.method === "POST" ? handle(request, reply) : notFound(request, reply),
  });
  let refusing = false;
  app.addHook("preClose", async () => {
    refusing = true;
  });
  const further = METHODS.filter((method) => !app.supportedMethods.includes(method));
  if (asTekton) for (const method of further) app.addHttpMethod(method, { hasBody: true });
  // Answered before fastify looks at the content type: senders write nonsense there, and Tekton takes it.
  const at = (path: string, onRequest: typeof live | typeof handle, method: string | string[]): void => {
    app.route({ url: path, method, onRequest, handler: () => undefined });
  };
  at("/live", live, asTekton ? app.supportedMethods : ["GET", "HEAD"]);
  at("/*", handle, asTekton ? app.supportedMethods : ["POST", "OPTIONS"]);
  app.setNotFoundHandler(notFound);
  app.setErrorHandler((thrown, request, reply) =>
    answer(request, reply, refusal(asFault(thrown), undefined)),
  );

  function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const error = refuseLax(request.raw) ?? fault("SLUICE_METHOD", { method: request.method });
    told(error, undefined, undefined, request);
    closeUnlessWhole(request, reply);
    return answer(request, reply, refusal(error, undefined));
  }

  function answer(request: FastifyRequest, reply: FastifyReply, made: Reply, share?: Share): FastifyReply {
    closeLast(request, reply, share);
    return send(reply, made);
  }

  /** A connection ends with the answer to its last request: one that was sent behind this one is answered too. */
  function closeLast({ raw }: FastifyRequest, reply: FastifyReply, share?: Share): void {
    if (connections.closing && inHand.get(raw.socket) === share) reply.header("connection", "close");
  }

  /** What is left of a refused request would be read for nothing. */
  function closeUnlessWhole({ raw }: FastifyRequest, reply: FastifyReply): void {
    if (raw.complete) return;
    refusedOn.add(raw.socket);
    reply.header("connection", "close");
  }

  function told(error: SluiceError, plan?: ListenerPlan, since?: number, request?: FastifyRequest): void {
    const { code, status, message: reason } = error;
    const where = plan === undefined ? {} : { listener: { namespace: plan.namespace, name: plan.name } };
    const from = request === undefined ? {} : sourceOf(request);
    const took = since === undefined ? {} : { took: Math.max(0, clock() - since) };
    tell({ type: "delivery.refused", ...where, code, status, reason, ...from, ...took });
  }

  async function live(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    closeLast(request, reply);
    return reply.send("ok");
  }

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { method, url } = request;
    const elsewhere = asTekton ? detour(method, url) : undefined;
    if (elsewhere !== undefined) {
      closeLast(request, reply);
      return reply.code(elsewhere.status).headers(elsewhere.headers).send(elsewhere.text);
    }
    const headers = headersOf(request);
    const { socket } = request.raw;
    let plan: ListenerPlan | undefined;
    let share: Share | undefined;
    let since = clock();
    try {
      const lax = refuseLax(request.raw);
      if (lax !== undefined) throw lax;
      plan = routeTo(plans, { method, url, host: request.headers.host }, routes);
      // Tekton takes any method and any type; only who names origins asks for the handshake there.
      if (method === "OPTIONS" && (!asTekton || plan.origins !== undefined)) {
        return answer(request, reply, answerToHandshake(headers, plan));
      }
      if (refusing) return await passedBy(request.raw, fault("SLUICE_STOPPING"));
      const batch = asTekton ? undefined : refuseBatch(headers);
      if (batch !== undefined) return await passedBy(request.raw, batch);
      const client = clientOf(socket);
      const head: RequestHead = { method, url, headers, ...(client && { client }) };
      let opened: Opened | undefined;
      try {
        opened = options.open?.(head, plan);
      } catch (thrown) {
        const refused = asFault(thrown);
        const pong = refused.status === 401 ? answerToPing(headers, plan) : undefined;
        if (pong === undefined) return await passedBy(request.raw, refused);
        // What came is let pass, as before a refusal.
        await passedBy(request.raw, refused).catch(() => closeUnlessWhole(request, reply));
        return answer(request, reply, pong);
      }
      share = budget.open({
        listener: `${plan.namespace}/${plan.name}`,
        address: () => networkOf(socket.remoteAddress),
        announced: announcedBytes(request.raw),
      });
      inHand.set(socket, share);
      const reading = { pace, ...(opened && { onChunk: opened.update }) };
      const body = await readBody(request.raw, limitOf(plan), share, reading);
      since = clock();
      const arrival: Arrival = { ...head, receivedAt: since, body };
      const id = await (opened?.accept(arrival) ?? accept(arrival, plan));
      return answer(request, reply, accepted(plan, id, headers), share);
    } catch (thrown) {
      const error = asFault(thrown);
      told(error, plan, since, request);
      closeUnlessWhole(request, reply);
      if (error.status === 401 && plan !== undefined && options.unverifiedReply === 202) {
        return answer(request, reply, accepted(plan, newId(clock()), headers), share);
      }
      return answer(request, reply, refusal(error, plan ?? (asTekton ? defaultListener : undefined)), share);
    } finally {
      share?.release();
      if (share !== undefined && inHand.get(socket) === share) inHand.delete(socket);
    }
  }

  return Object.assign(app, {
    lameDuck: connections.lameDuck,
    drain: (times: DrainTimes) =>
      connections.drain(times, () => {
        refusing = true;
        for (const share of inHand.values()) share.cut(fault("SLUICE_STOPPING"));
      }),
  });
}

/** JSON without a charset, as Go writes it: there is none but UTF-8. Fastify adds one to text, but not to bytes. */
function send(reply: FastifyReply, { status, headers, body }: Reply): FastifyReply {
  reply.code(status).headers(headers);
  if (body === undefined) return reply.send();
  return reply.header("content-type", "application/json").send(Buffer.from(JSON.stringify(body)));
}

/** Where a request came from, and what its headers say of it. */
function sourceOf(request: FastifyRequest) {
  const { provider, event } = describe(headersOf(request), payload(""));
  const { remoteAddress: address } = request.raw.socket;
  return { ...(address !== undefined && { address }), provider, event };
}

// Go keeps Host apart from the other headers, and filters are to see what they see there.
function headersOf(request: FastifyRequest): HeaderMap {
  const { Host: _host, ...headers } = headersFromWire(request.raw.rawHeaders);
  return headers;
}
