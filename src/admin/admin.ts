/** The admin server: health, readiness, metrics and the API, on a host and port of its own. */

import { createServer } from "node:http";
import type { FastifyInstance, FastifyServerFactory } from "fastify";
import { createConnections } from "../core/connections.ts";
import { fault, reasonOf } from "../core/errors.ts";
import type { AdminToken } from "../core/permission.ts";
import type { Certificate } from "../tls/index.ts";
import { secureServer } from "../tls/index.ts";
import type { AdminOpen } from "./access.ts";
import { createAccess } from "./access.ts";
import { addRoutes, apiRoutes } from "./api.ts";
import type { Check } from "./checks.ts";
import { readiness } from "./checks.ts";
import { adminGuard, isLoopback } from "./guard.ts";
import { jsonServer, REQUEST_TIMEOUT_MS } from "./server.ts";
import type { ApiServices } from "./services.ts";

export interface AdminOptions extends ApiServices {
  readonly host: string;
  /** 0 asks the system for a free one. */
  readonly port: number;
  /** Who may ask what; `open` counts on loopback only. */
  readonly tokens: readonly AdminToken[];
  readonly open: AdminOpen;
  /** Further names that the port may be asked by, in lower case. */
  readonly hosts?: ReadonlySet<string>;
  /** Speaks TLS with this; plain HTTP without. */
  readonly certificate?: Pick<Certificate, "pair" | "onChange">;
  readonly checks: readonly Check[];
  readonly metrics: { readonly contentType: string; expose(): Promise<string> };
  readonly version: string;
}

export interface Admin {
  /**
   * Starts to listen.
   *
   * @returns the address: `http://127.0.0.1:9000`.
   * @throws SluiceError SLUICE_CONFIG_INVALID when the address cannot be had.
   */
  listen(): Promise<string>;
  /** Answers end their connections from now on. */
  lameDuck(): void;
  /**
   * Takes no more requests and finishes those in hand.
   *
   * @param endMs what is open after so many milliseconds is cut; default 10 s.
   */
  close(endMs?: number): Promise<void>;
}

/** Milliseconds that a silent connection is kept, as fastify has it. */
const KEEP_ALIVE_MS = 72_000;
const plain: FastifyServerFactory = (handler) =>
  createServer({ requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS }, handler);

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
  const { host, port, tokens, open, hosts, certificate, checks, metrics, version, tell } = options;
  const secure = certificate && secureServer(certificate, REQUEST_TIMEOUT_MS);
  const connections = createConnections();
  const make = secure ?? plain;
  const app = jsonServer(tell, HEADERS, (handler, given) => connections.watch(make(handler, given)));
  const guard = adminGuard(host, { secure: secure !== undefined, ...(hosts && { hosts }) });
  app.addHook("onRequest", async ({ method, headers }, reply) => {
    reply.headers(HEADERS);
    if (connections.closing) reply.header("connection", "close");
    const site = headers["sec-fetch-site"];
    guard({
      method,
      host: headers.host,
      origin: headers.origin,
      site: Array.isArray(site) ? site.join() : site,
    });
  });
  app.get("/healthz", () => ({ status: "ok", version }));
  app.get("/readyz", async (_request, reply) => {
    const state = await readiness(checks);
    return reply.code(state.ready ? 200 : 503).send(state);
  });
  app.get("/metrics", async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.expose()),
  );
  const access = createAccess({ tokens, open, local: isLoopback(host) });
  addRoutes(app, apiRoutes(options, version), access);

  return {
    async listen() {
      const url = await listen(app, host, port);
      // Fastify names the scheme by an option that a server of our own making does not go through.
      return secure === undefined ? url : url.replace(/^http:/, "https:");
    },
    lameDuck: connections.lameDuck,
    async close(endMs = REQUEST_TIMEOUT_MS) {
      await connections.drain({ settleMs: 0, lateMs: endMs, endMs });
      await app.close();
    },
  };
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const reason = `cannot listen on ${host}:${port}: ${reasonOf(error)}`;
    const cure = "Free it, or name another address: --admin host:port (port 0 takes a free one).";
    throw fault("SLUICE_CONFIG_INVALID", { key: "admin", reason, cure }, { cause: error });
  }
}
