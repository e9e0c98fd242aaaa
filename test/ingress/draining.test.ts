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
