/** The servers behind the webhook port, plain or TLS, with the times that a connection has. */

import { createServer, type ServerOptions } from "node:http";
import type { Socket } from "node:net";
import type { FastifyServerFactory } from "fastify";
import type { Connections } from "../core/connections.ts";
import type { Certificate } from "../tls/index.ts";
import { secureServer } from "../tls/index.ts";
import { HEADERS_MS, MAX_HEADER_BYTES } from "./client-error.ts";

/** Milliseconds that a silent connection is kept: longer than load balancers do. */
const KEEP_ALIVE_MS = 72_000;
/** Milliseconds between two looks at the times of all connections. */
const LOOK_MS = 1_000;
/** Milliseconds after which Node cuts off a request that nobody has cut off before. */
const SPARE_MS = 5_000;

export interface ServerNeeds {
  /** Milliseconds a sender may take for one request. */
  readonly requestTimeout: number;
  /** Speaks TLS with it, and the next handshake sees a changed one; plain HTTP without. */
  readonly certificate: Pick<Certificate, "pair" | "onChange"> | undefined;
  readonly onClientError: (error: Error, socket: Socket) => void;
  readonly connections: Connections;
}

/** Makes the servers. */
export function serverFactory(needs: ServerNeeds): FastifyServerFactory {
  const { requestTimeout, certificate, onClientError, connections } = needs;
  const options: ServerOptions = {
    requestTimeout: requestTimeout + SPARE_MS,
    headersTimeout: Math.min(HEADERS_MS, requestTimeout),
    connectionsCheckingInterval: Math.min(LOOK_MS, requestTimeout),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // It is missed in our words.
    requireHostHeader: false,
  };
  const make: FastifyServerFactory =
    certificate === undefined
      ? (handler) => createServer(options, handler)
      : secureServer(certificate, requestTimeout, options);
  // Fastify makes one for each address of `localhost`.
  return (handler, given) => connections.watch(make(handler, given).on("clientError", onClientError));
}
