/** Bodies in memory: what goes beyond the budget is refused before it is read, and everything is given back. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { test } from "node:test";
import type { Fact } from "../../src/core/fact.ts";
import type { ListenerPlan } from "../../src/core/plan.ts";
import { createBudget } from "../../src/ingress/budget.ts";
import { createIngress } from "../../src/ingress/server.ts";

const KB = 1_000;

/** A webhook port with room for 440 kB, of bodies and their texts, whose deliveries are accepted when the test says so. */
async function world() {
  const plan: ListenerPlan = {
    ...{ namespace: "ci", name: "git", uid: "u", groups: [], payloadValidation: false, remote: false },
  };
  const plans = { all: () => [plan], find: () => plan };
  const facts: Fact[] = [];
  const inHand: { readonly bytes: number; finish(): void }[] = [];
  const arrived: (() => void)[] = [];
  const app = createIngress({
    plans,
    accept: ({ body }) =>
      new Promise((resolve) => {
        inHand.push({ bytes: body.length, finish: () => resolve("id") });
        for (const tell of arrived.splice(0)) tell();
      }),
    tell: (fact) => facts.push(fact),
    maxBody: 100 * KB,
    maxInFlight: 440 * KB,
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const send = (bytes: number) =>
    fetch(`http://127.0.0.1:${port}/ci/git`, { method: "POST", body: Buffer.alloc(bytes, 32) });
  const untilInHand = async (count: number) => {
    while (inHand.length < count) await new Promise<void>((resolve) => arrived.push(resolve));
  };
  return { port, send, facts, inHand, untilInHand, [Symbol.asyncDispose]: () => app.close() };
}

test("what does not fit beside the bodies in hand is answered 503 with Retry-After, and fits once they are done", async () => {
  await using t = await world();
  const first = t.send(100 * KB);
  await t.untilInHand(1);
  const refused = await t.send(100 * KB);
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  const { code } = (await refused.json()) as { code: string };
  assert.equal(code, "SLUICE_BUSY");
  assert.ok(t.facts.some((fact) => fact.type === "delivery.refused" && fact.code === "SLUICE_BUSY"));
  const small = t.send(20 * KB);
  await t.untilInHand(2);
  for (const { finish } of t.inHand.splice(0)) finish();
  assert.deepEqual([(await first).status, (await small).status], [202, 202]);
  const again = t.send(100 * KB);
  await t.untilInHand(1);
  t.inHand[0]?.finish();
  assert.equal((await again).status, 202);
});

test("a body that announces nothing is refused when it grows beyond the room, and gives back what it had", async () => {
  await using t = await world();
  const first = t.send(100 * KB);
  await t.untilInHand(1);
  const growing = request({ port: t.port, path: "/ci/git", method: "POST", host: "127.0.0.1" });
  growing.on("error", () => {});
  for (let i = 0; i < 9; i++) growing.write(Buffer.alloc(10 * KB, 32));
  growing.end();
  const [answer] = await once(growing, "response");
  assert.equal(answer.statusCode, 503);
  answer.resume();
  const fits = t.send(45 * KB);
  await t.untilInHand(2);
  for (const { finish } of t.inHand) finish();
  assert.deepEqual([(await first).status, (await fits).status], [202, 202]);
});

test("senders that announce much and send nothing keep nobody out", async () => {
  await using t = await world();
  const sockets = Array.from({ length: 20 }, () => connect(t.port, "127.0.0.1"));
  for (const socket of sockets)
    socket.write("POST /ci/git HTTP/1.1\r\nHost: x\r\nContent-Length: 99000\r\n\r\n ");
  const honest = t.send(100 * KB);
  await t.untilInHand(1);
  t.inHand[0]?.finish();
  assert.equal((await honest).status, 202);
  for (const socket of sockets) socket.destroy();
});

test("a sender that hangs up gives back what he had sent", async () => {
  await using t = await world();
  const socket = connect(t.port, "127.0.0.1");
  const half = Buffer.alloc(60 * KB, 32);
  socket.write(`POST /ci/git HTTP/1.1\r\nHost: x\r\nContent-Length: 99000\r\n\r\n`);
  await new Promise<void>((resolve) => socket.write(half, () => resolve()));
  socket.resetAndDestroy();
  while (!t.facts.some(({ type }) => type === "delivery.refused")) await new Promise(setImmediate);
  const whole = t.send(100 * KB);
  await t.untilInHand(1);
  t.inHand[0]?.finish();
  assert.equal((await whole).status, 202);
});

test("a share given back twice counts once", () => {
  const budget = createBudget({ limit: 0, atLeast: 100 });
  const open = () => budget.open({ address: () => "", listener: "" });
  const [one, two] = [open(), open()];
  assert.ok(one.take(60));
  assert.ok(one.finish(Buffer.alloc(60)));
  assert.ok(!two.take(60));
  one.release();
  one.release();
  assert.ok(two.take(100));
  assert.ok(two.finish(Buffer.alloc(100)));
  assert.ok(!open().fits(2));
});
