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
/** A turn of the event loop that took no longer has had nothing to do. Milliseconds. */
const QUIET_MS = 0.25;
/** A busy process is not waited for any longer. Milliseconds. */
const QUIET_WITHIN_MS = 1_000;
/** Neither is one to which connections come without end. Milliseconds. */
const LAST_MS = 2_000;

/**
 * Makes it. A proxy that keeps connections open may send a request in the moment its connection is closed, and of a POST it
 * cannot know whether it was done: its client reads 502. So a connection ends with an answer that says so. One that gets
 * no further request ends after a while in which new connections were refused: a proxy that still had requests for this port
 * has found out by then.
 */
export function createConnections(): Connections {
  const servers: Server[] = [];
  const open = new Set<Socket>();
  /** What TLS makes of those whose handshake is done. */
  const secured = new Set<Socket>();
  const { promise: empty, resolve: emptied } = Promise.withResolvers<void>();
  let closing = false;
  /** Connections so far. */
  let seen = 0;

  function add(socket: Socket): void {
    seen++;
    open.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      if (open.size === 0 && servers.every(({ listening }) => !listening)) emptied();
    });
  }

  function addSecured(socket: Socket): void {
    secured.add(socket);
    socket.once("close", () => secured.delete(socket));
  }

  function closeIdle(): void {
    for (const server of servers) server.closeIdleConnections();
    // Node takes a connection that has not said anything yet for a busy one.
    for (const socket of [...open, ...secured]) if (socket.bytesRead === 0) socket.destroy();
  }

  /** Not by node:http's own close(), which would close idle connections at once. */
  function stopListening(): void {
    for (const server of servers) if (server.listening) NetServer.prototype.close.call(server);
    if (open.size === 0) emptied();
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
      whenQuiet(stopListening, () => seen);
      const look = () => whenQuiet(closeIdle);
      const timers = [
        setTimeout(() => timers.push(setInterval(look, LOOK_MS)), settleMs),
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
    stopListening();
    const left = open.size;
    for (const socket of open) socket.destroy();
    return left;
  }
}

/**
 * Acts right after a turn of the event loop in which nothing came. The system resets connections that it has made and
 * nobody has accepted when the port closes, and those that are closed before what was sent on them is read: what it holds
 * must have been seen just before.
 *
 * @param count of what must not come meanwhile.
 */
function whenQuiet(act: () => void, count: () => number = () => 0): void {
  const begun = performance.now();
  const look = (since: number, counted: number): void => {
    const now = performance.now();
    const next = count();
    const idle = now - since < QUIET_MS || now - begun > QUIET_WITHIN_MS;
    // On a machine with too much to do no turn is short; that nothing came in one is still waited for.
    if ((idle && next === counted) || now - begun > LAST_MS) act();
    else setImmediate(() => look(now, next));
  };
  look(Number.NEGATIVE_INFINITY, count());
}
