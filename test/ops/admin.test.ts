/** The admin server over real HTTP. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fault } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/fact.ts";
import type { Audit, DeliveryRecord } from "../../src/core/ledger.ts";
import type { AdminOptions } from "../../src/ops/admin.ts";
import { createAdmin } from "../../src/ops/admin.ts";
import type { Check } from "../../src/ops/checks.ts";

const id = "0190c0de-0000-7000-8000-000000000001";

const record = {
  id,
  listener: { namespace: "ci", name: "git" },
  receivedAt: 1,
  outcome: "created",
  provider: "github",
  event: "push",
  proof: "github",
  size: 2,
  reason: "1 run",
  runs: [],
  method: "POST",
  url: "/ci/git",
  headers: {},
  decisions: [],
  decided: true,
  jobs: [],
} as const satisfies DeliveryRecord;

const audit: Audit = {
  accepted: 1,
  created: 1,
  filtered: 0,
  duplicate: 0,
  dead: 0,
  pending: 0,
  runs: 1,
  pendingJobs: [],
  violations: [],
};

interface Asked {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly json: () => Record<string, unknown>;
}

interface Gateway extends AsyncDisposable {
  readonly url: string;
  readonly calls: unknown[];
  readonly facts: Fact[];
  ask(
    path: string,
    options?: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<Asked>;
}

async function started(change: Partial<AdminOptions> = {}): Promise<Gateway> {
  const calls: unknown[] = [];
  const facts: Fact[] = [];
  const admin = createAdmin({
    host: "127.0.0.1",
    port: 0,
    ledger: {
      list: async (...query) => {
        calls.push(query);
        return { items: [record], next: "more" };
      },
      find: async (wanted) => (wanted === id ? record : undefined),
    },
    queue: { depth: async () => ({ waiting: 1, active: 2, delayed: 3, oldestMs: 4 }) },
    replay: async (...what) => {
      calls.push(what);
      return { id: "new-1" };
    },
    audit: async () => audit,
    checks: [],
    metrics: { contentType: "text/plain; version=0.0.4; charset=utf-8", expose: async () => "up 1\n" },
    version: "1.2.3",
    tell: (fact) => facts.push(fact),
    ...change,
  });
  const url = await admin.listen();
  return {
    url,
    calls,
    facts,
    async ask(path, { method = "GET", headers = {}, body } = {}) {
      const sent = request(new URL(url), { path, method, headers, agent: false });
      sent.end(body);
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      const content = await text(answer);
      return {
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        text: content,
        json: () => JSON.parse(content) as Record<string, unknown>,
      };
    },
    [Symbol.asyncDispose]: () => admin.close(),
  };
}

const json = { "content-type": "application/json" };
const codeOf = (answer: Asked) => (answer.json()["error"] as { code: string }).code;

test("health says that the process is alive, and which version it is", async () => {
  await using gateway = await started();
  const answer = await gateway.ask("/healthz");
  assert.deepEqual([answer.status, answer.json()], [200, { status: "ok", version: "1.2.3" }]);
});

test("metrics come with the content type of their format", async () => {
  await using gateway = await started();
  const answer = await gateway.ask("/metrics");
  assert.deepEqual([answer.status, answer.text], [200, "up 1\n"]);
  assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
});

test("readiness answers 200, or 503 as soon as a check failed; degraded alone stays ready", async () => {
  const good: Check = { name: "store", check: () => ({ state: "ok", message: "answers" }) };
  const poor: Check = { name: "catalog", check: () => ({ state: "degraded", message: "1 fault" }) };
  const bad: Check = { name: "stopping", check: () => ({ state: "failed", message: "shutting down" }) };
  await using ready = await started({ checks: [good, poor] });
  const answer = await ready.ask("/readyz");
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json(), {
    ready: true,
    degraded: ["catalog"],
    checks: [
      { name: "store", ok: true, state: "ok", message: "answers" },
      { name: "catalog", ok: false, state: "degraded", message: "1 fault" },
    ],
  });
  await using away = await started({ checks: [good, bad] });
  assert.equal((await away.ask("/readyz")).status, 503);
});

test("deliveries are listed with filters, page and cursor", async () => {
  await using gateway = await started();
  const answer = await gateway.ask(
    "/api/v1/deliveries?outcome=dead&namespace=ci&listener=git&provider=github&event=push&repository=a%2Fb" +
      "&since=2026-01-31T12:00:00Z&until=1769900000000&limit=5&cursor=abc",
  );
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json(), { items: [record], next: "more" });
  assert.deepEqual(gateway.calls, [
    [
      {
        outcome: "dead",
        namespace: "ci",
        listener: "git",
        provider: "github",
        event: "push",
        repository: "a/b",
        since: Date.UTC(2026, 0, 31, 12),
        until: 1_769_900_000_000,
      },
      { limit: 5, cursor: "abc" },
    ],
  ]);
  await gateway.ask("/api/v1/deliveries");
  assert.deepEqual(gateway.calls[1], [{}, { limit: 50 }]);
});

for (const query of [
  "outcome=lost",
  "since=yesterday",
  "since=2026-13-45",
  "limit=0",
  "limit=201",
  "limit=1e1",
  "colour=red",
  "__proto__=x",
  "event=a&event=b",
  "namespace=",
  `cursor=${"x".repeat(501)}`,
]) {
  test(`a listing with ${query.slice(0, 30)} is refused with what was expected`, async () => {
    await using gateway = await started();
    const answer = await gateway.ask(`/api/v1/deliveries?${query}`);
    assert.equal(answer.status, 400, answer.text);
    const { code, message, fix } = answer.json()["error"] as Record<string, string>;
    assert.equal(code, "SLUICE_REQUEST_INVALID");
    assert.ok(message?.startsWith(query.slice(0, query.indexOf("="))), message);
    assert.match(fix ?? "", /expected ./);
    assert.deepEqual(gateway.calls, []);
  });
}

test("one delivery is found by its id, and an unknown one is said to be unknown", async () => {
  await using gateway = await started();
  assert.deepEqual((await gateway.ask(`/api/v1/deliveries/${id}`)).json(), record);
  for (const other of ["nope", "..%2f..%2fetc", "x".repeat(90)]) {
    const answer = await gateway.ask(`/api/v1/deliveries/${other}`);
    assert.deepEqual([answer.status, codeOf(answer)], [404, "SLUICE_DELIVERY_UNKNOWN"]);
  }
});

test("a replay takes a note or none, and names the new delivery", async () => {
  await using gateway = await started();
  const path = `/api/v1/deliveries/${id}/replay`;
  const body = JSON.stringify({ reason: "fixed", actor: "ann" });
  const noted = await gateway.ask(path, { method: "POST", headers: json, body });
  assert.deepEqual([noted.status, noted.json()], [201, { id: "new-1" }]);
  assert.equal(noted.headers["location"], "/api/v1/deliveries/new-1");
  assert.equal((await gateway.ask(path, { method: "POST" })).status, 201);
  assert.deepEqual(gateway.calls, [
    [id, { reason: "fixed", actor: "ann" }],
    [id, {}],
  ]);
});

for (const [body, what] of [
  ["[]", "a list"],
  ['"x"', "a text"],
  ['{"reason": 1}', "a reason that is no text"],
  ['{"reasons": "x"}', "an unknown field"],
  ['{"__proto__": {"reason": "x"}}', "__proto__"],
  ["{", "broken JSON"],
  ["", "an empty body that claims to be JSON"],
] as const) {
  test(`a replay with ${what} is refused`, async () => {
    await using gateway = await started();
    const answer = await gateway.ask(`/api/v1/deliveries/${id}/replay`, {
      method: "POST",
      headers: json,
      body,
    });
    assert.deepEqual([answer.status, codeOf(answer)], [400, "SLUICE_REQUEST_INVALID"]);
    assert.deepEqual(gateway.calls, []);
  });
}

test("a body over 64 KiB is refused", async () => {
  await using gateway = await started();
  const body = JSON.stringify({ reason: "x".repeat(70_000) });
  const answer = await gateway.ask(`/api/v1/deliveries/${id}/replay`, {
    method: "POST",
    headers: json,
    body,
  });
  assert.deepEqual([answer.status, codeOf(answer)], [413, "SLUICE_BODY_TOO_LARGE"]);
});

test("audit and queue are handed through", async () => {
  await using gateway = await started();
  assert.deepEqual((await gateway.ask("/api/v1/audit")).json(), audit);
  assert.deepEqual((await gateway.ask("/api/v1/queue")).json(), {
    waiting: 1,
    active: 2,
    delayed: 3,
    oldestMs: 4,
  });
});

test("a service's fault is answered with the table's status; a defect is also stated as a fact", async () => {
  await using gateway = await started({
    audit: () => Promise.reject(fault("SLUICE_STORE_AWAY", { reason: "refused" })),
    queue: { depth: () => Promise.reject(new TypeError("x is not a function")) },
  });
  const away = await gateway.ask("/api/v1/audit");
  assert.deepEqual([away.status, codeOf(away)], [503, "SLUICE_STORE_AWAY"]);
  assert.deepEqual(gateway.facts, []);
  const broken = await gateway.ask("/api/v1/queue");
  assert.deepEqual([broken.status, codeOf(broken)], [500, "SLUICE_INTERNAL"]);
  assert.deepEqual(
    gateway.facts.map(({ type }) => type),
    ["defect"],
  );
});

test("unknown routes, wrong methods and unreadable paths are answered in JSON", async () => {
  await using gateway = await started();
  for (const [path, method, code] of [
    ["/nope", "GET", "SLUICE_ROUTE_UNKNOWN"],
    ["/healthz", "DELETE", "SLUICE_ROUTE_UNKNOWN"],
    ["/api/v1/deliveries/%zz", "GET", "SLUICE_REQUEST_INVALID"],
  ] as const) {
    const answer = await gateway.ask(path, { method });
    assert.equal(codeOf(answer), code);
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
  }
});

test("every answer carries the security headers and allows no other origin", async () => {
  await using gateway = await started();
  for (const path of ["/healthz", "/metrics", "/api/v1/queue", "/nope"]) {
    const { headers } = await gateway.ask(path, { headers: { origin: "http://evil.example" } });
    assert.equal(headers["cache-control"], "no-store");
    assert.match(String(headers["content-security-policy"]), /default-src 'none'/);
    assert.equal(headers["x-frame-options"], "DENY");
    assert.equal(headers["access-control-allow-origin"], undefined);
  }
});

test("on loopback a name that is not ours is refused: DNS rebinding", async () => {
  await using gateway = await started();
  for (const host of ["evil.example", "evil.example:9000", "127.0.0.1.evil.example", "localhost.evil", "0"]) {
    const answer = await gateway.ask("/api/v1/deliveries", { headers: { host } });
    assert.deepEqual([answer.status, codeOf(answer)], [403, "SLUICE_ADMIN_FOREIGN"], host);
  }
  for (const host of ["localhost", "LOCALHOST:1234", "127.0.0.1:9000", "[::1]:9000"])
    assert.equal((await gateway.ask("/healthz", { headers: { host } })).status, 200, host);
});

test("a page of another origin can not replay through the user's browser", async () => {
  await using gateway = await started();
  const path = `/api/v1/deliveries/${id}/replay`;
  const { host } = new URL(gateway.url);
  for (const headers of [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://localhost:3000" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ]) {
    const answer = await gateway.ask(path, { method: "POST", headers });
    assert.deepEqual([answer.status, codeOf(answer)], [403, "SLUICE_ADMIN_FOREIGN"], JSON.stringify(headers));
  }
  const plain = await gateway.ask(path, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: "{}",
  });
  assert.equal(plain.status, 400);
  assert.deepEqual(gateway.calls, []);
  const own = await gateway.ask(path, {
    method: "POST",
    headers: { origin: `http://${host}`, "sec-fetch-site": "same-origin" },
  });
  assert.equal(own.status, 201);
});

test("open to the network, the port reads but changes nothing", async () => {
  await using gateway = await started({ host: "0.0.0.0" });
  const headers = { host: "sluice-admin.ci.svc:9000" };
  assert.equal((await gateway.ask("/api/v1/deliveries", { headers })).status, 200);
  assert.equal(gateway.calls.length, 1);
  const answer = await gateway.ask(`/api/v1/deliveries/${id}/replay`, { method: "POST", headers });
  assert.deepEqual([answer.status, codeOf(answer)], [403, "SLUICE_ADMIN_READONLY"]);
  assert.equal(gateway.calls.length, 1);
});

test("an address that is taken is said to be taken, by the name of the setting", async () => {
  await using gateway = await started();
  const port = Number(new URL(gateway.url).port);
  await assert.rejects(started({ port }), {
    code: "SLUICE_CONFIG_INVALID",
    message: /^setting admin: .*EADDRINUSE/,
  });
});

test("closing does not wait for idle connections, and nobody is answered afterwards", async () => {
  const gateway = await started();
  const { hostname, port } = new URL(gateway.url);
  const idle = connect(Number(port), hostname);
  await once(idle, "connect");
  idle.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(idle, "data");
  const ended = once(idle, "close");
  await gateway[Symbol.asyncDispose]();
  await ended;
  await assert.rejects(gateway.ask("/healthz"), { code: "ECONNREFUSED" });
});
