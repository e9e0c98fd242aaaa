/** CloudEvents over real HTTP, sent and read with the standard's own SDK: what triggers see of each mode, replies, repetitions. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CloudEvent, emitterFor, HTTP, httpTransport, Mode, type TransportFunction } from "cloudevents";
import type { JsonObject } from "../src/core/json.ts";
import { createIngress } from "../src/ingress/server.ts";
import { type Flows, openFlows } from "./helpers/flows.ts";
import { listener, OPEN, trigger } from "./helpers/objects.ts";

/** Three triggers: each binds the ref from where one mode has it. */
const bound = (name: string, value: string) => trigger(name, [], { bindings: [{ name: "ref", value }] });
const OBJECTS = [
  listener("binary", [bound("a", "$(body.ref) of $(header.Ce-Type)")], OPEN),
  listener("structured", [bound("a", "$(body.data.ref) of $(body.type)")], OPEN),
  listener("both", [bound("a", "fires for either")], OPEN),
  listener("git", [trigger("a")], OPEN),
];

interface Served extends AsyncDisposable {
  readonly flows: Flows;
  readonly url: string;
}

async function serve(): Promise<Served> {
  await using opened = new AsyncDisposableStack();
  const flows = opened.use(await openFlows(OBJECTS));
  const { plans, accept } = flows;
  const ingress = createIngress({
    plans,
    accept: accept.accept,
    tell: () => undefined,
    maxBody: 1024 * 1024,
  });
  opened.defer(() => ingress.close());
  const url = await ingress.listen({ host: "127.0.0.1", port: 0 });
  const running = opened.move();
  return { flows, url, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

const event = (id = "1", source = "/ci") =>
  new CloudEvent({ id, source, type: "dev.example.push", data: { ref: "refs/heads/main" } });

/** Sends an event as the SDK sends it, and reads the reply as the SDK reads it. */
async function send(url: string, sent: CloudEvent<unknown>, mode: Mode): Promise<CloudEvent<JsonObject>> {
  const replied = await emitterFor(httpTransport(url) as TransportFunction, { mode })(sent);
  const reply = HTTP.toEvent<JsonObject>(replied as { headers: Record<string, string>; body: string });
  assert.ok(reply instanceof CloudEvent);
  return reply;
}

/** The param `ref` of what a delivery created. */
async function refOf({ store }: Flows, id: string): Promise<unknown> {
  const [job] = (await store.ledger.find(id))?.jobs ?? [];
  const spec = job?.job.objects[0]?.["spec"] as
    | { readonly params: readonly { readonly value: string }[] }
    | undefined;
  return spec?.params[0]?.value;
}

for (const [mode, to] of [
  [Mode.BINARY, "binary"],
  [Mode.STRUCTURED, "structured"],
] as const) {
  describe(`a CloudEvent in ${mode} mode`, () => {
    test("is answered by one that names the delivery, and triggers see it as Tekton's do", async () => {
      await using served = await serve();
      const reply = await send(`${served.url}/ci/${to}`, event(), mode);
      assert.equal(reply.type, "dev.tekton.event.triggers.accepted.v1");
      assert.deepEqual([reply.source, reply.subject], [to, `ci.${to} accepted ${reply.id}`]);
      assert.equal(reply.data?.["eventID"], reply.id);
      const record = await served.flows.store.ledger.find(reply.id);
      assert.deepEqual(
        [record?.provider, record?.event, record?.providerId],
        ["cloudevents", "dev.example.push", "1"],
      );
      assert.equal(await refOf(served.flows, reply.id), "refs/heads/main of dev.example.push");
    });

    test("that comes again is the same; another id or source is another", async () => {
      await using served = await serve();
      const ids: string[] = [];
      for (const one of [event(), event(), event("2"), event("1", "/other")]) {
        ids.push((await send(`${served.url}/ci/${to}`, one, mode)).id);
      }
      assert.equal(ids[1], ids[0]);
      assert.equal(new Set(ids).size, 3);
      const { accepted, duplicate } = await served.flows.store.ledger.audit();
      assert.deepEqual([accepted, duplicate], [4, 1]);
    });
  });
}

test("one event is one, in whichever mode it is repeated", async () => {
  await using served = await serve();
  const binary = await send(`${served.url}/ci/both`, event(), Mode.BINARY);
  const structured = await send(`${served.url}/ci/both`, event(), Mode.STRUCTURED);
  assert.equal(structured.id, binary.id);
});

test("a batch is refused with its reason: a delivery is one event", async () => {
  await using served = await serve();
  const answer = await fetch(`${served.url}/ci/git`, {
    method: "POST",
    headers: { "content-type": "application/cloudevents-batch+json" },
    body: JSON.stringify([event("1"), event("2")]),
  });
  assert.equal(answer.status, 415);
  const { code, errorMessage } = (await answer.json()) as { code: string; errorMessage: string };
  assert.equal(code, "SLUICE_CLOUDEVENTS_BATCH");
  assert.match(errorMessage, /batch/);
  assert.equal((await served.flows.store.ledger.audit()).accepted, 0);
});
