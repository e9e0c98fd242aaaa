/** The connections of HTTP servers: how a port stops without cutting off a request, and how it ends in any case. */

import type { Server } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { within } from "./deadline.ts";

/** Milliseconds from the start of {@link Connections.drain}. */
export interface DrainTimes {
  /** Idle connections are left open for so long: what is on its way on them is still answered. */
  readonly settleMs: number;
  /** What is not in hand as a whole request by then is refused. */
  readonly lateMs: number;
  /** All that is open then is cut. */
  readonly endMs: number;
}

export interface Connections {
  /** Whether answers are to say `Connection: close`. */
  readonly closing: boolean;
  /** Knows this server's connections from now on. @param server does not listen yet. */
  watch<S extends Server>(server: S): S;
  /** Answers say `Connection: close` from now on; new connections are still taken. */
  lameDuck(): void;
  /**
   * Stops listening, closes what is idle, waits for the rest.
   *
   * @param late called at `lateMs` while connections are open.
   * @returns how many connections were cut off at the end.
   */
  drain(times: DrainTimes, late?: () => void): Promise<number>;
}

/** Milliseconds between two looks for connections that became idle. */
const LOOK_MS = 100;

/**
 * Makes it. A proxy that keeps connections open may send a request in the moment its connection is closed, and of a POST it
 * cannot know whether it was done: its client reads 502. So a connection ends with an answer that says so. One that gets
 * no further request ends after a second in which new connections were refused: a proxy that still had requests for this port
 * has found out by then.
 */
export function createConnections(): Connections {
  const servers: Server[] = [];
  const open = new Set<Socket>();
  /** What TLS makes of those whose handshake is done. */
  const secured = new Set<Socket>();
  const { promise: empty, resolve: emptied } = Promise.withResolvers<void>();
  let closing = false;
  let stopped = false;

  function add(socket: Socket): void {
    open.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      if (stopped && open.size === 0) emptied();
    });
  }

  function addSecured(socket: Socket): void {
    secured.add(socket);
    socket.once("close", () => secured.delete(socket));
  }

  /** After the loop has read what the system had: a request that has arrived is no longer idle then. */
  function closeIdle(): void {
    setImmediate(() => {
      for (const server of servers) server.closeIdleConnections();
      // Node takes a connection that has not said anything yet for a busy one.
      for (const socket of [...open, ...secured]) if (socket.bytesRead === 0) socket.destroy();
    });
  }

  return {
    get closing() {
      return closing;
    },
    watch(server) {
      servers.push(server);
      return server.on("connection", add).on("secureConnection", addSecured);
    },
    lameDuck() {
      closing = true;
    },
    async drain({ settleMs, lateMs, endMs }, late) {
      closing = true;
      stopped = true;
      // node:http's own close() would close idle connections at once.
      for (const server of servers) if (server.listening) NetServer.prototype.close.call(server);
      if (open.size === 0) return 0;
      const timers = [
        setTimeout(() => timers.push(setInterval(closeIdle, LOOK_MS)), settleMs),
        setTimeout(() => late?.(), lateMs),
      ];
      try {
        return await within(
          empty.then(() => 0),
          endMs,
          cutAll,
        );
      } finally {
        for (const timer of timers) clearTimeout(timer);
      }
    },
  };

  function cutAll(): number {
    const left = open.size;
    for (const socket of open) socket.destroy();
    return left;
  }
}
