/** The webhook port while it closes: what is in hand is finished, what comes after is refused in our shape. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { Fact } from "../../src/core/fact.ts";
import type { ListenerPlan, Plans } from "../../src/core/plan.ts";
import { createIngress } from "../../src/ingress/server.ts";

const plan = { namespace: "ci", name: "git", uid: "uid", groups: [] } as unknown as ListenerPlan;
const plans: Plans = { find: () => plan, all: () => [plan] };

const BODY = '{"ref":"main"}';
const HEAD = `POST /ci/git HTTP/1.1\r\nHost: hooks\r\nContent-Length: ${BODY.length}\r\n\r\n`;

/** Two requests on one connection: the first is in hand when the port begins to close, the second comes after. */
async function drained(http: "strict" | "tekton", late: string) {
  const facts: Fact[] = [];
  const inHand = Promise.withResolvers<void>();
  const closing = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<string>();
  let accepted = 0;
  const accept = (): Promise<string> => {
    accepted++;
    inHand.resolve();
    return stored.promise;
  };
  const tell = (fact: Fact) => facts.push(fact);
  const app = createIngress({ plans, accept, tell, maxBody: 1_000, http });
  let requests = 0;
  app.server.on("request", () => {
    if (++requests === 2) stored.resolve("event-1");
  });
  app.addHook("preClose", async () => closing.resolve());
  await app.listen({ host: "127.0.0.1", port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  // A connection on which a request has begun is not idle, so that closing leaves it open.
  socket.write(HEAD + BODY + late.slice(0, 10));
  await inHand.promise;
  const closed = app.close();
  await closing.promise;
  socket.write(late.slice(10));
  const answers = (await text(socket)).split(/(?=HTTP\/1\.1 )/);
  await closed;
  return { facts, accepted, answers };
}

for (const [http, expected] of [
  ["strict", { eventListener: "git", namespace: "ci", code: "SLUICE_STOPPING" }],
  ["tekton", { eventListener: "git", namespace: "ci", eventListenerUID: "" }],
] as const) {
  test(`${http}: a request that comes while the port closes is told when to come again, and counted`, async () => {
    const { facts, accepted, answers } = await drained(http, HEAD + BODY);
    const [first = "", second = ""] = answers;
    assert.match(first, /^HTTP\/1\.1 202 /);
    assert.equal(accepted, 1);
    const [head = "", body = ""] = second.split("\r\n\r\n");
    assert.match(head, /^HTTP\/1\.1 503 /);
    assert.match(head, /^retry-after: \d+\r?$/im);
    assert.match(head, /^connection: close\r?$/im);
    assert.match(head, /^content-type: application\/json\r?$/im);
    const { errorMessage, fix: _fix, ...rest } = JSON.parse(body) as Record<string, string>;
    assert.deepEqual(rest, expected);
    assert.equal(errorMessage, "this gateway is shutting down");
    const [refused] = facts;
    assert.ok(refused?.type === "delivery.refused");
    assert.deepEqual(
      [refused.code, refused.status, refused.listener],
      ["SLUICE_STOPPING", 503, { namespace: "ci", name: "git" }],
    );
  });
}

const LONG_MS = 600_000;

/** A port whose deliveries are stored by `accept`, and one connection to it. */
async function port(accept: () => Promise<string> = async () => "event-1") {
  const app = createIngress({ plans, accept, tell: () => {}, maxBody: 1_000_000 });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const open = async () => {
    const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  };
  return { app, open };
}

test("in the lame-duck time deliveries are taken, and every answer ends its connection", async () => {
  const { app, open } = await port();
  app.lameDuck();
  for (const [request, status] of [
    [HEAD + BODY, 202],
    [`${HEAD.replace("/ci/git", "/nowhere")}${BODY}`, 404],
    ["GET /live HTTP/1.1\r\nHost: hooks\r\n\r\n", 200],
    ["GET /ci/git HTTP/1.1\r\nHost: hooks\r\n\r\n", 405],
  ] as const) {
    const socket = await open();
    socket.write(request);
    const answer = await text(socket);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), request);
    assert.match(answer, /^connection: close\r$/im, request);
  }
  await app.close();
});

test("a delivery that was in hand before ends its connection too", async () => {
  const inHand = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<string>();
  const { app, open } = await port(() => {
    inHand.resolve();
    return stored.promise;
  });
  const socket = await open();
  socket.write(HEAD + BODY);
  await inHand.promise;
  app.lameDuck();
  stored.resolve("event-1");
  assert.match(await text(socket), /^HTTP\/1\.1 202 [\s\S]*^connection: close\r$/im);
  await app.close();
});

test("of requests that were sent one behind the other the last one's answer ends the connection", async () => {
  const both = Promise.withResolvers<string>();
  let accepted = 0;
  const { app, open } = await port(() => {
    if (++accepted === 2) both.resolve("event-1");
    return both.promise;
  });
  app.lameDuck();
  const socket = await open();
  socket.write(HEAD + BODY + HEAD + BODY);
  const [first = "", second = ""] = (await text(socket)).split(/(?=HTTP\/1\.1 )/);
  assert.match(first, /^HTTP\/1\.1 202 /);
  assert.match(second, /^HTTP\/1\.1 202 [\s\S]*^connection: close\r$/im);
  await app.close();
});

test("what comes on an open connection while the port drains is taken, until it is late", async () => {
  const { app, open } = await port();
  const live = "GET /live HTTP/1.1\r\nHost: hooks\r\n\r\n";
  const [soon, slow] = [await open(), await open()];
  for (const socket of [soon, slow]) {
    socket.write(live);
    await once(socket, "data");
  }
  slow.write("POST /ci/git HTTP/1.1\r\nHost: hooks\r\nContent-Length: 100\r\n\r\nhalf");
  const draining = app.drain({ settleMs: LONG_MS, lateMs: 300, endMs: LONG_MS });
  soon.write(HEAD + BODY);
  assert.match(await text(soon), /^HTTP\/1\.1 202 [\s\S]*^connection: close\r$/im);
  const refusal = await text(slow);
  assert.match(refusal, /^HTTP\/1\.1 503 [\s\S]*^connection: close\r$/im);
  assert.match(refusal, /"code":"SLUICE_STOPPING"/);
  assert.equal(await draining, 0);
  await app.close();
});
