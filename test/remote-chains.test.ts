/** Chains that leave the process: decided in the request with the real headers, by a worker where that fails (ADR 11). */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { decideJobId } from "../src/core/identity.ts";
import { type Asked, decisionsOf, type Flows, openFlows, serveInterceptor } from "./helpers/flows.ts";
import { cel, listener, OPEN, push, remote, secret, trigger, type Written } from "./helpers/objects.ts";

const GATE = { ref: { name: "gate" } };
const SECRET_HEADER = { "X-Gate-Token": "s3cret" };

const chainTo = (url: string, ...more: readonly Written[]) => [
  remote("gate", url),
  listener("git", [trigger("build", [GATE, ...more])], OPEN),
];

/** An interceptor that wants the sender's token: `down` times it is away first. */
const wantsToken = (down = 0) =>
  serveInterceptor((asked, number) => {
    if (number <= down) return { status: 503, body: {} };
    if (tokenIn(asked) === "s3cret") return { body: { continue: true } };
    return { body: { continue: false, status: { code: 9, message: "no token" } } };
  });

function tokenIn({ body }: Asked): string | undefined {
  return (JSON.parse(body) as { header: Record<string, string[]> }).header["X-Gate-Token"]?.[0];
}

/** A server that takes connections and never says a word. */
async function serveSilence() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function decisionOf({ store }: Flows, id: string) {
  const record = await store.ledger.find(id);
  return record?.decisions[0];
}

describe("a chain that leaves the process", () => {
  test("is decided before the sender is answered, with the headers as they came", async () => {
    await using gate = await wantsToken();
    await using flows = await openFlows(chainTo(gate.url));
    const id = await flows.send(push({ headers: SECRET_HEADER }));
    assert.equal((await decisionOf(flows, id))?.result, "matched");
    assert.equal(gate.asked.map(tokenIn).join(), "s3cret");
    const record = await flows.store.ledger.find(id);
    assert.deepEqual(record?.headers["X-Gate-Token"], ["***"]);
    await flows.drain();
    assert.equal(flows.files().length, 1);
  });

  test("is asked at the address that Tekton's controller wrote, where there is one", async () => {
    await using gate = await wantsToken();
    const [declared, ...rest] = chainTo("http://127.0.0.1:1/");
    await using flows = await openFlows([{ ...declared, status: { address: { url: gate.url } } }, ...rest]);
    const id = await flows.send(push({ headers: SECRET_HEADER }));
    assert.equal((await decisionOf(flows, id))?.result, "matched");
  });

  test("that says no in the request is filtered: nothing was hidden from it", async () => {
    await using gate = await wantsToken();
    await using flows = await openFlows(chainTo(gate.url));
    const id = await flows.send(push({ headers: { "X-Gate-Token": "wrong" } }));
    assert.equal((await decisionOf(flows, id))?.result, "filtered");
  });

  test("that does not answer is left to a worker, whose yes counts", async () => {
    await using gate = await serveInterceptor((_asked, number) =>
      number === 1 ? { status: 503, body: {} } : { body: { continue: true } },
    );
    await using flows = await openFlows(chainTo(gate.url));
    const id = await flows.send(push({ headers: SECRET_HEADER }));
    assert.equal((await flows.store.ledger.find(id))?.decided, false);
    await flows.drain();
    assert.equal((await decisionOf(flows, id))?.result, "matched");
    assert.equal(tokenIn(gate.asked[1] as Asked), "***");
  });

  test("whose no to a worker may be for want of a masked header waits for a person, with its name", async () => {
    await using gate = await wantsToken(1);
    await using flows = await openFlows(chainTo(gate.url));
    const id = await flows.send(push({ headers: SECRET_HEADER }));
    await flows.drain();
    const decision = await decisionOf(flows, id);
    assert.deepEqual([decision?.result, decision?.code], ["failed", "SLUICE_HEADERS_MASKED"]);
    assert.match(decision?.reason ?? "", /gate said no without seeing .*X-Gate-Token.*: “no token”/);
    assert.equal((await flows.store.ledger.find(id))?.outcome, "dead");
  });

  test("whose no to a worker may be for want of a masked query parameter waits for a person too", async () => {
    await using gate = await wantsToken(1);
    await using flows = await openFlows(chainTo(gate.url));
    const sent = push();
    const id = await flows.send({
      ...sent,
      url: "/ci/git?token=t0k3n",
      headers: { "Content-Type": ["application/json"] },
    });
    await flows.drain();
    const decision = await decisionOf(flows, id);
    assert.deepEqual([decision?.result, decision?.code], ["failed", "SLUICE_HEADERS_MASKED"]);
    assert.match(decision?.reason ?? "", /without seeing \?token: “no token”/);
  });

  test("whose no to a worker hid nothing is a plain no", async () => {
    await using gate = await wantsToken(1);
    await using flows = await openFlows(chainTo(gate.url));
    const id = await flows.send({ ...push(), headers: { "Content-Type": ["application/json"] } });
    await flows.drain();
    assert.equal((await decisionOf(flows, id))?.result, "filtered");
  });

  test("that takes longer than a request may wait is left to a worker, and the sender is answered", async () => {
    await using gate = await serveSilence();
    await using flows = await openFlows(chainTo(gate.url), { decideWithin: 20 });
    const id = await flows.send(push());
    assert.equal((await flows.store.ledger.find(id))?.decided, false);
    assert.deepEqual(await flows.store.queue.holds([decideJobId(id)]), new Set([decideJobId(id)]));
  });

  test("that says nothing holds back neither local triggers nor those whose interceptors answer", async () => {
    await using silent = await serveSilence();
    await using gate = await wantsToken();
    const git = listener(
      "git",
      [
        trigger("hung", [{ ref: { name: "silent" } }]),
        trigger("local", [cel("true")]),
        trigger("build", [GATE]),
      ],
      OPEN,
    );
    // Loopback answers long before; only the silent one is there to be given up.
    const objects = [remote("silent", silent.url), remote("gate", gate.url), git];
    await using flows = await openFlows(objects, { decideWithin: 2_000 });
    const id = await flows.send(push({ headers: SECRET_HEADER }));
    assert.deepEqual(await decisionsOf(flows, id), ["hung waiting", "local matched", "build matched"]);
    assert.equal((await decisionOf(flows, id))?.reason, "silent: no answer in time");
    assert.deepEqual(gate.asked.map(tokenIn), ["s3cret"]);
    const open = [...(await flows.jobs(id)).map((job) => job.id), decideJobId(id)];
    assert.deepEqual(await flows.store.queue.holds(open), new Set(open));
  });

  test("is asked for nobody any more when the time is up; local triggers are decided all the same", async () => {
    await using silent = await serveSilence();
    await using gate = await wantsToken();
    const hung = Array.from({ length: 16 }, (_, i) => trigger(`hung${i}`, [{ ref: { name: "silent" } }]));
    const git = listener("git", [...hung, trigger("gated", [GATE]), trigger("local", [cel("true")])], OPEN);
    const objects = [remote("silent", silent.url), remote("gate", gate.url), git];
    await using flows = await openFlows(objects, { decideWithin: 20 });
    const id = await flows.send(push({ headers: SECRET_HEADER }));
    assert.deepEqual((await decisionsOf(flows, id)).slice(-2), ["gated waiting", "local matched"]);
    assert.deepEqual(gate.asked, []);
  });

  test("asked of many triggers at once is asked sixteen times at most, then as others are answered", async () => {
    const both = Promise.withResolvers<void>();
    let [under, most] = [0, 0];
    await using gate = await serveInterceptor(async (_, number) => {
      most = Math.max(most, ++under);
      if (number === 16) both.resolve();
      await both.promise;
      under--;
      return { body: { continue: true } };
    });
    const triggers = Array.from({ length: 40 }, (_, i) => trigger(`t${i}`, [GATE]));
    await using flows = await openFlows([remote("gate", gate.url), listener("git", triggers, OPEN)]);
    const id = await flows.send(push());
    assert.deepEqual(
      await decisionsOf(flows, id),
      triggers.map((_, i) => `t${i} matched`),
    );
    assert.deepEqual([gate.asked.length, most], [40, 16]);
  });

  const awayOnce = () =>
    serveInterceptor((_asked, number) =>
      number === 1 ? { status: 503, body: {} } : { body: { continue: true } },
    );
  const COMPARES = "header.canonical('X-Gate-Token').compareSecret('token', 'hook')";

  test("behind a header that was compared with a Secret remembers that it held, for the worker and for a replay", async () => {
    await using gate = await awayOnce();
    await using flows = await openFlows([secret("hook", "s3cret"), ...chainTo(gate.url, cel(COMPARES))]);
    const id = await flows.send(push({ headers: SECRET_HEADER }));
    assert.equal((await decisionOf(flows, id))?.result, "waiting");
    await flows.drain();
    assert.equal((await decisionOf(flows, id))?.result, "matched");
    const record = await flows.store.ledger.find(id);
    assert.equal(record?.proof, "cel-header(ci/hook/token/X-Gate-Token)");
    assert.deepEqual(record.headers["X-Gate-Token"], ["***"]);
    const replay = await flows.accept.replay(id);
    assert.equal((await decisionOf(flows, replay))?.result, "matched");
  });

  test("of which local steps compare a masked header in another form is in doubt", async () => {
    await using gate = await awayOnce();
    const compares = cel(`body.a == 1 || ${COMPARES}`);
    await using flows = await openFlows([secret("hook", "s3cret"), ...chainTo(gate.url, compares)]);
    const body = '{"ref":"refs/heads/main","a":0}';
    const id = await flows.send(push({ headers: SECRET_HEADER, body }));
    await flows.drain();
    assert.equal((await decisionOf(flows, id))?.code, "SLUICE_HEADERS_MASKED");
  });
});
