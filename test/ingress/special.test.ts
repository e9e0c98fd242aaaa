/** Requests that are no deliveries, over real HTTP: Bitbucket's test, the CloudEvents handshake, batches. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fault } from "../../src/core/errors.ts";
import type { ListenerPlan } from "../../src/core/plan.ts";
import { createIngress, type IngressOptions } from "../../src/ingress/server.ts";

const base = { uid: "u", groups: [], payloadValidation: true, remote: false };
const plan = (name: string, more: Partial<ListenerPlan> = {}): ListenerPlan => ({
  ...{ namespace: "ci", name, ...base },
  ...more,
});

const demanding = (scheme: string): ListenerPlan["groups"] => [
  {
    ...{ name: "", chain: [] },
    triggers: [
      {
        ...{ namespace: "ci", name: "t", key: "t", chain: [], bind: () => new Map(), render: () => [] },
        proofs: [{ scheme, secret: { namespace: "ci", name: "hook", key: "token" } }],
      },
    ],
  },
];

const listeners = [
  plan("open", { open: true }),
  plan("closed"),
  plan("named", { origins: ["eventgrid.azure.net", "Other.example"] }),
  plan("none", { open: true, origins: [] }),
  plan("bitbucket", { groups: demanding("bitbucket") }),
  plan("github", { groups: demanding("github") }),
];

function ingress(more: Partial<IngressOptions> = {}) {
  const seen: string[] = [];
  const app = createIngress({
    plans: { find: (_namespace, name) => listeners.find((one) => one.name === name), all: () => listeners },
    async accept({ method }, { name }) {
      seen.push(`${method} ${name}`);
      return "id";
    },
    open({ headers }, { groups }) {
      if (groups.length > 0 && headers["X-Hub-Signature"] === undefined)
        throw fault("SLUICE_UNVERIFIED", { reason: "", told: "" });
      return { update: () => undefined, accept: async () => `signed ${seen.push("signed")}` };
    },
    tell: () => undefined,
    maxBody: 1_000,
    ...more,
  });
  return { app, seen };
}

test("Bitbucket's unsigned test is answered 200 where Bitbucket is proved, and nothing is taken of it", async () => {
  const { app, seen } = ingress();
  const ping = (name: string, headers: Record<string, string> = {}) =>
    app.inject({
      ...{ method: "POST", url: `/ci/${name}`, payload: '{"test":true}' },
      headers: { "x-event-key": "diagnostics:ping", ...headers },
    });
  const pong = await ping("bitbucket");
  assert.equal(pong.statusCode, 200);
  assert.match(pong.json<{ message: string }>().message, /does not sign its test/);
  assert.equal((await ping("github")).statusCode, 401);
  assert.equal((await ping("bitbucket", { "x-event-key": "repo:refs_changed" })).statusCode, 401);
  assert.deepEqual(seen, []);
  assert.equal((await ping("bitbucket", { "x-hub-signature": "sha256=00" })).statusCode, 202);
  assert.deepEqual(seen, ["signed"], "a signed one is a delivery like any other");
  await app.close();
});

test("the handshake is granted to anybody by open listeners, else to the origins of the annotation", async () => {
  const { app } = ingress();
  const ask = async (name: string, origin?: string, more: Record<string, string> = {}) => {
    const headers = { ...(origin !== undefined && { "webhook-request-origin": origin }), ...more };
    return app.inject({ method: "OPTIONS", url: `/ci/${name}`, headers });
  };
  const granted = await ask("open", "eventgrid.azure.net", { "webhook-request-rate": "120" });
  assert.equal(granted.statusCode, 200);
  assert.equal(granted.headers["webhook-allowed-origin"], "eventgrid.azure.net");
  assert.equal(granted.headers["webhook-allowed-rate"], "*");
  assert.equal(granted.headers["allow"], "POST, OPTIONS");
  assert.equal((await ask("named", "other.example")).statusCode, 200);
  assert.equal((await ask("named", "other.example")).headers["webhook-allowed-rate"], undefined);
  for (const [name, origin] of [
    ["closed", "eventgrid.azure.net"],
    ["none", "eventgrid.azure.net"],
    ["named", "evil.example"],
    ["open", "two words"],
    ["open", "x".repeat(300)],
  ] as const) {
    const { statusCode, headers } = await ask(name, origin);
    assert.equal(statusCode, 403, `${name} ${origin}`);
    assert.equal(headers["webhook-allowed-origin"], undefined);
  }
  const bare = await ask("open");
  assert.deepEqual([bare.statusCode, bare.headers["allow"]], [405, "POST"]);
  assert.equal((await ask("nowhere", "eventgrid.azure.net")).statusCode, 404);
  await app.close();
});

test("a batch of CloudEvents is 415 and says why; Tekton's way takes it", async () => {
  const { app, seen } = ingress();
  const batch = {
    ...({ method: "POST", url: "/ci/open", payload: '[{"id":"1"},{"id":"2"}]' } as const),
    headers: { "content-type": "application/cloudevents-batch+json; charset=utf-8" },
  };
  const refused = await app.inject(batch);
  assert.equal(refused.statusCode, 415);
  assert.match(refused.body, /SLUICE_CLOUDEVENTS_BATCH.*Send each event by itself/);
  await app.close();
  const tekton = ingress({ http: "tekton" });
  assert.equal((await tekton.app.inject(batch)).statusCode, 202);
  const options = {
    method: "OPTIONS",
    headers: { "webhook-request-origin": "eventgrid.azure.net" },
  } as const;
  assert.equal((await tekton.app.inject({ ...options, url: "/ci/open" })).statusCode, 202);
  assert.equal((await tekton.app.inject({ ...options, url: "/ci/named" })).statusCode, 200);
  await tekton.app.close();
  assert.deepEqual(seen, []);
});
