/** Requests that never end: bodies that are announced, begun and left. */

import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface HangingOptions {
  /** Base URL of the webhook port. */
  readonly url: string;
  readonly path: string;
  readonly count: number;
  /** Bytes that each announces. */
  readonly announced: number;
  /** Bytes that each sends before it falls silent. */
  readonly sent: number;
  /** Further header lines, each with its line break. */
  readonly headers?: string;
  /** Local addresses to send from, in turn; 127.0.0.1 where there is none. */
  readonly from: readonly string[];
}

export interface Hanging extends AsyncDisposable {
  /** Status codes that were answered so far. */
  readonly statuses: () => readonly number[];
  /** Sends one byte more on each that is open. */
  trickle(): void;
  /** Resolves when each was answered or cut off. */
  readonly ended: Promise<unknown>;
}

/** Opens them; resolves once each has handed what it sends to the system. */
export async function hang(options: HangingOptions): Promise<Hanging> {
  const { hostname, port } = new URL(options.url);
  const part = Buffer.alloc(options.sent, 32);
  const answers: string[] = [];
  const sockets = await Promise.all(
    Array.from({ length: options.count }, async (_, i): Promise<Socket> => {
      const localAddress = options.from[i % options.from.length] ?? "127.0.0.1";
      const socket = connect({ port: Number(port), host: hostname, localAddress });
      answers[i] = "";
      socket.on("error", () => {});
      socket.on("data", (data) => {
        answers[i] += String(data);
      });
      await Promise.race([once(socket, "connect"), once(socket, "close")]);
      socket.write(
        `POST ${options.path} HTTP/1.1\r\nHost: x\r\n${options.headers ?? ""}Content-Length: ${options.announced}\r\n\r\n`,
      );
      await new Promise<void>((resolve) => {
        socket.write(part, () => resolve());
        socket.once("close", () => resolve());
      });
      return socket;
    }),
  );
  const gone = sockets.map((socket) => (socket.closed ? undefined : once(socket, "close")));
  return {
    statuses: () => {
      const codes = answers.map((answer) => /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
      return codes.filter((code) => code !== undefined).map(Number);
    },
    trickle() {
      for (const socket of sockets) if (socket.writable) socket.write(" ");
    },
    ended: Promise.all(gone),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(gone);
    },
  };
}
