/** The admin server: health, readiness, metrics and the API, on a host and port of its own. */

import type { FastifyInstance } from "fastify";
import { fault, reasonOf } from "../core/errors.ts";
import type { AdminToken } from "../core/permission.ts";
import type { Certificate } from "../tls/certificate.ts";
import { secureServer } from "../tls/secure-server.ts";
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
  /** Takes no more requests and finishes those in hand. */
  close(): Promise<void>;
}

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
  const app = jsonServer(tell, HEADERS, secure);
  const guard = adminGuard(host, { secure: secure !== undefined, ...(hosts && { hosts }) });
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
    close: () => app.close(),
  };
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const reason = `cannot listen on ${host}:${port}: ${reasonOf(error)}`;
    throw fault("SLUICE_CONFIG_INVALID", { key: "admin", reason }, { cause: error });
  }
}
