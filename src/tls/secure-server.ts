/** HTTPS servers whose certificate changes under them: connections that are open stay, the next handshake sees the new one. */

import type { Server, ServerOptions } from "node:https";
import { createServer } from "node:https";
import type { FastifyServerFactory } from "fastify";
import type { Certificate, Pair } from "./certificate.ts";

/** Milliseconds for a handshake: who opens a connection and says nothing holds it no longer. */
const HANDSHAKE_MS = 10_000;
/** Milliseconds that a silent connection is kept, as fastify keeps plain ones: longer than load balancers do. */
const KEEP_ALIVE_MS = 72_000;
/** RFC 8996 forbids what came before. */
const MIN_VERSION = "TLSv1.2";

/** @param requestTimeout milliseconds a sender may take for one request. @param more what else the server is told. */
export function secureServer(
  certificate: Pick<Certificate, "pair" | "onChange">,
  requestTimeout: number,
  more: ServerOptions = {},
): FastifyServerFactory {
  // `localhost` is two addresses, and each has a server.
  const servers: Server[] = [];
  certificate.onChange((pair) => {
    for (const server of servers) server.setSecureContext(contextOf(pair));
  });
  return (handler) => {
    const pair = certificate.pair();
    // Asked for, and not demanded: most senders have none, and a proof by certificate is a matter of each trigger.
    const clients = { requestCert: pair.clientCa !== undefined, rejectUnauthorized: false };
    const server = createServer(
      { ...contextOf(pair), ...clients, handshakeTimeout: HANDSHAKE_MS, requestTimeout, ...more },
      handler,
    );
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    servers.push(server);
    return server;
  };
}

function contextOf({ cert, key, clientCa }: Pair) {
  return { cert, key, minVersion: MIN_VERSION, ...(clientCa !== undefined && { ca: clientCa }) } as const;
}
