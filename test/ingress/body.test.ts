/** Reading a body: each chunk is handed on as it arrives. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { readBody } from "../../src/ingress/body.ts";
import { createBudget } from "../../src/ingress/budget.ts";
import type { ReadPace } from "../../src/ingress/read-pace.ts";

/** A request whose head was sent, and the socket that sends its body. */
async function arriving(head: string) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const request = new Promise<IncomingMessage>((resolve) => server.once("request", resolve));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`);
  const stop = async (): Promise<void> => {
    socket.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { request: await request, socket, [Symbol.asyncDispose]: stop };
}

const shareOf = (room: number) =>
  createBudget({ limit: 0, atLeast: room }).open({ address: () => "", listener: "" });

test("each chunk is handed on as it arrives, before the body is whole", async () => {
  await using t = await arriving("Content-Length: 6");
  const seen: string[] = [];
  const arrivals: (() => void)[] = [];
  const share = shareOf(100);
  const body = readBody(t.request, 100, share, {
    onChunk: (chunk) => {
      seen.push(chunk.toString());
      for (const tell of arrivals.splice(0)) tell();
    },
  });
  const first = new Promise<void>((resolve) => arrivals.push(resolve));
  t.socket.write("abc");
  await first;
  assert.deepEqual(seen, ["abc"]);
  t.socket.write("def");
  assert.equal((await body).toString(), "abcdef");
  assert.equal(seen.join(""), "abcdef");
});

test("a chunk that the limit or the share refuses is not handed on", async () => {
  for (const [limit, room, code] of [
    [4, 100, "SLUICE_BODY_TOO_LARGE"],
    [100, 4, "SLUICE_BUSY"],
  ] as const) {
    await using t = await arriving("Transfer-Encoding: chunked");
    const seen: string[] = [];
    const onChunk = (chunk: Buffer): void => void seen.push(chunk.toString());
    const body = readBody(t.request, limit, shareOf(room), { onChunk });
    t.socket.write("6\r\nabcdef\r\n0\r\n\r\n");
    await assert.rejects(body, { code });
    assert.deepEqual(seen, []);
  }
});

test("a large body is whole after it was made to wait in between, and a small one is never", async () => {
  const waited: string[] = [];
  const pace: ReadPace = {
    took(request) {
      waited.push("large");
      request.pause();
      setImmediate(() => request.resume());
    },
  };
  for (const [name, size] of [
    ["small", 200_000],
    ["large", 3_000_000],
  ] as const) {
    await using t = await arriving(`Content-Length: ${size}`);
    const sent = Buffer.alloc(size, name);
    const body = readBody(t.request, size, shareOf(size * 2), { pace });
    t.socket.write(sent);
    assert.ok((await body).equals(sent), name);
    if (name === "small") assert.deepEqual(waited, []);
  }
  assert.ok(waited.length > 1);
});
