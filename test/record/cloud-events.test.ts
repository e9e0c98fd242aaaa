/** CloudEvents to a listener's cloudEventURI: which facts become which events, what is in them, brokers that are away. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fault } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/fact.ts";
import type { HttpRequest } from "../../src/core/interceptor.ts";
import type { ListenerPlan } from "../../src/core/plan.ts";
import { createCloudEvents } from "../../src/record/cloud-events.ts";
import { accepted, attempted, decided, refused } from "./facts.ts";

const BROKER = "http://broker.test/";

function subscribe(
  cloudEventURI: string | undefined,
  answer: (tries: number) => number = () => 202,
  firstWaitMs = 1,
) {
  const sent: HttpRequest[] = [];
  const told: Fact[] = [];
  const plan: ListenerPlan = {
    ...{ namespace: "ci", name: "git", uid: "u", groups: [], payloadValidation: true, remote: false },
    ...(cloudEventURI !== undefined && { cloudEventURI }),
  };
  const events = createCloudEvents({
    plans: { find: (namespace, name) => (namespace === "ci" && name === "git" ? plan : undefined) },
    http: async (request) => {
      sent.push(request);
      const status = answer(sent.length);
      if (status === 0) throw fault("SLUICE_INTERCEPTOR_FAILED", { name: request.url, reason: "away" });
      return { status, headers: {}, body: "" };
    },
    tell: (fact) => told.push(fact),
    firstWaitMs,
  });
  return { ...events, sent, told };
}

const typeOf = ({ headers }: HttpRequest) => headers["Ce-Type"]?.[0]?.split(".").at(-2);

test("a delivery is started and done, a job that created its objects is successful", async () => {
  const { notify, idle, sent } = subscribe(BROKER);
  for (const fact of [accepted, decided, attempted, refused]) notify(fact);
  await idle();
  assert.deepEqual(sent.map(typeOf), ["started", "done", "successful"]);
  const [first] = sent;
  assert.equal(first?.url, BROKER);
  assert.deepEqual(first?.headers, {
    "Content-Type": ["application/json"],
    "Ce-Specversion": ["1.0"],
    "Ce-Type": ["dev.tekton.event.triggers.started.v1"],
    "Ce-Source": ["/apis/triggers.tekton.dev/v1beta1/namespaces/ci/EventListener/git"],
    "Ce-Id": ["d1"],
    "Ce-Subject": ["git processing d1"],
  });
  assert.equal(first?.body, '{"eventID":"d1","eventListener":"git","namespace":"ci"}');
  assert.equal(sent[2]?.body, '{"eventID":"d1","eventListener":"git","namespace":"ci","trigger":"pr"}');
});

test("a trigger that fails, or is tried again, and a duplicate are no news, as in Tekton", async () => {
  const { notify, idle, sent } = subscribe(BROKER);
  notify({ ...decided, result: "failed" });
  notify({ ...attempted, attempt: { ...attempted.attempt, outcome: "dead" } });
  notify({ ...attempted, attempt: { ...attempted.attempt, outcome: "retry" } });
  notify({ ...accepted, outcome: "duplicate", duplicateOf: "d0" });
  await idle();
  assert.deepEqual(sent.map(typeOf), []);
});

test("a listener without cloudEventURI, and one that is gone, send nothing", async () => {
  for (const { notify, idle, sent } of [subscribe(undefined), subscribe("")]) {
    notify(accepted);
    await idle();
    assert.equal(sent.length, 0);
  }
  const { notify, idle, sent } = subscribe(BROKER);
  notify({ ...accepted, listener: { namespace: "ci", name: "gone" } });
  await idle();
  assert.equal(sent.length, 0);
});

test("a broker that is away is asked again, and given up with one word about it", async () => {
  const back = subscribe(BROKER, (tries) => (tries < 3 ? 0 : 202));
  back.notify(attempted);
  await back.idle();
  assert.deepEqual([back.sent.length, back.told.length], [3, 0]);
});

test("a broker that is away for long is one warning, one word when it is back, and a count between; no defect", async () => {
  const up = { now: false };
  const { notify, idle, sent, told } = subscribe(BROKER, () => (up.now ? 202 : 0));
  for (let i = 0; i < 3; i++) notify(attempted);
  await idle();
  assert.equal(sent.length, 15);
  up.now = true;
  notify(attempted);
  notify(attempted);
  await idle();
  const types = told.map(({ type }) => type);
  const lost = "cloudevent.lost";
  assert.deepEqual(types, ["subscriber.away", lost, lost, lost, "subscriber.back"]);
  const [first, , , , last] = told;
  assert.ok(first?.type === "subscriber.away" && last?.type === "subscriber.back");
  assert.deepEqual([first.reason, first.listener, last.lost], ["away", { namespace: "ci", name: "git" }, 3]);
});

test("a broker that refuses is named without what grants access to it", async () => {
  const { notify, idle, told } = subscribe("http://user:hunter2@broker.ci.svc/events?key=hunter2", () => 503);
  notify(attempted);
  await idle();
  const [away] = told;
  assert.ok(away?.type === "subscriber.away");
  assert.deepEqual([away.url, away.reason], ["http://broker.ci.svc/events", "it answered 503"]);
  assert.doesNotMatch(JSON.stringify(told), /hunter2/);
});

test("what is waiting for another try when the gateway stops, and what comes then, is counted as lost", async () => {
  const { notify, stop, sent, told } = subscribe(BROKER, () => 0, 60_000);
  notify(accepted);
  while (sent.length < 2) await new Promise(setImmediate);
  await stop();
  notify(attempted);
  assert.deepEqual(
    told.map((fact) => fact.type === "cloudevent.lost" && fact.why),
    ["stopping", "stopping", "stopping"],
  );
});

test("events on their way are bounded: what comes while a broker hangs is dropped", async () => {
  const { notify, idle, sent, told } = subscribe(BROKER);
  for (let i = 0; i < 1_000; i++) notify(accepted);
  assert.equal(sent.length, 256);
  assert.equal(
    told.filter((fact) => fact.type === "cloudevent.lost" && fact.why === "busy").length,
    2_000 - 256,
  );
  await idle();
});
