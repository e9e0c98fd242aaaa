/** How a port ends: new connections are refused, what is under way is finished, what never ends is cut. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { connect as connectSecurely } from "node:tls";
import { createConnections } from "../../src/core/connections.ts";
import { selfSignedCertificate } from "../helpers/api-server/certificate.ts";

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
/** Longer than any test. */
const NEVER_MS = 600_000;

async function served(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function opened(port: number, first = ""): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(first);
  return socket;
}

/** A connection on which one request was answered. */
async function idle(port: number): Promise<Socket> {
  const socket = await opened(port, GET);
  assert.match(String((await once(socket, "data"))[0]), /200 OK/);
  return socket;
}

const ok = (connections: { readonly closing: boolean }) =>
  createServer((_request, response) => {
    if (connections.closing) response.setHeader("connection", "close");
    response.end("ok");
  });

test("an idle connection is left open for a while, and a request that comes on it is answered", async () => {
  const connections = createConnections();
  const port = await served(connections.watch(ok(connections)));
  const [used, unused] = [await idle(port), await idle(port)];
  const draining = connections.drain({ settleMs: 300, lateMs: NEVER_MS, endMs: NEVER_MS });
  used.write(GET);
  assert.match(await text(used), /^HTTP\/1\.1 200 OK\r\nconnection: close/);
  assert.equal(unused.readyState, "open");
  assert.equal(await text(unused), "");
  assert.equal(await draining, 0, "nothing had to be cut");
});

test("connections that the system has made and nobody has accepted yet are served", async () => {
  const connections = createConnections();
  const server = connections.watch(ok(connections));
  const port = await served(server);
  const sockets = Array.from({ length: 20 }, () => connect(port, "127.0.0.1"));
  const answers = Promise.all(sockets.map((socket) => text(socket.on("error", () => {}))));
  for (const socket of sockets) socket.write(GET);
  // The system connects them now, and the loop has not come to accept any.
  await Promise.resolve();
  const draining = connections.drain({ settleMs: NEVER_MS, lateMs: NEVER_MS, endMs: NEVER_MS });
  for (const answer of await answers) assert.match(answer, /^HTTP\/1\.1 200 OK/);
  assert.equal(await draining, 0);
  assert.equal(server.listening, false);
});

test("a request in hand is waited for, and what comes late is heard of", async () => {
  const connections = createConnections();
  const late = Promise.withResolvers<void>();
  const inHand = Promise.withResolvers<void>();
  const server = createServer(async (_request, response) => {
    inHand.resolve();
    await late.promise;
    response.end("at last");
  });
  const port = await served(connections.watch(server));
  const socket = await opened(port, GET);
  await inHand.promise;
  const draining = connections.drain({ settleMs: 0, lateMs: 50, endMs: NEVER_MS }, late.resolve);
  assert.match(await text(socket), /at last/, "its connection is closed though its answer kept it alive");
  assert.equal(await draining, 0);
});

test("what is open at the end is cut, in whatever state it is", async () => {
  const connections = createConnections();
  const { key, cert } = selfSignedCertificate(Date.now());
  const hang = (_request: IncomingMessage): void => {};
  const plain = await served(connections.watch(createServer(hang)));
  const secure = await served(connections.watch(createSecureServer({ key, cert }, hang)));
  const inTls = connectSecurely({ port: secure, host: "127.0.0.1", rejectUnauthorized: false });
  await once(inTls, "secureConnect");
  inTls.write(GET);
  const sockets = [
    inTls,
    await opened(plain, GET),
    await opened(plain, GET.slice(0, 10)),
    await opened(plain, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"),
    // The beginning of a handshake (a record of type 22) that is never finished.
    await opened(secure, "\x16\x03\x01\x02\x00"),
  ];
  const gone = sockets.map((socket) => once(socket.on("error", () => {}).resume(), "close"));
  const from = performance.now();
  const cut = await connections.drain({ settleMs: 0, lateMs: 50, endMs: 300 });
  await Promise.all(gone);
  assert.equal(cut, sockets.length);
  assert.ok(performance.now() - from < 5_000);
});

test("connections that never said anything are not waited for", async () => {
  const connections = createConnections();
  const { key, cert } = selfSignedCertificate(Date.now());
  const plain = await served(connections.watch(ok(connections)));
  const secure = await served(connections.watch(createSecureServer({ key, cert }, () => {})));
  const inTls = connectSecurely({ port: secure, host: "127.0.0.1", rejectUnauthorized: false });
  await once(inTls, "secureConnect");
  const sockets = [inTls, await opened(plain), await opened(secure)];
  const gone = sockets.map((socket) => once(socket.on("error", () => {}).resume(), "close"));
  assert.equal(await connections.drain({ settleMs: 0, lateMs: NEVER_MS, endMs: NEVER_MS }), 0);
  await Promise.all(gone);
});
