/** The admin server over real HTTP. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import type { AdminOptions } from "../../src/admin/admin.ts";
import { createAdmin } from "../../src/admin/admin.ts";
import { createBatches } from "../../src/admin/batches.ts";
import type { Check } from "../../src/admin/checks.ts";
import { fault } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/fact.ts";
import type { Audit } from "../../src/core/ledger.ts";
import { type Asked, type AskOptions, askAt, shown, tokenOf } from "./gateway.ts";

const away = () => Promise.reject(fault("SLUICE_STORE_AWAY", { reason: "refused" }));
const never = (): never => assert.fail("nobody should ask for this");

const audit: Audit = {
  ...{ accepted: 1, created: 1, filtered: 0, duplicate: 0, dead: 0, pending: 0, runs: 1 },
  ...{ pendingJobs: [], violations: [] },
};

interface Gateway extends AsyncDisposable {
  readonly url: string;
  readonly facts: Fact[];
  /** What was listed and replayed. */
  readonly calls: unknown[];
  ask(path: string, options?: AskOptions): Promise<Asked>;
}

/** The server alone: what stands behind it remembers that it was asked. */
async function started(change: Partial<AdminOptions> = {}): Promise<Gateway> {
  const facts: Fact[] = [];
  const calls: unknown[] = [];
  const admin = createAdmin({
    ...{ host: "127.0.0.1", port: 0, open: "loopback", tokens: [], checks: [], version: "1.2.3" },
    ledger: {
      refused: away,
      ...{ acts: away, count: away, deadGroups: away, deadOf: away, drop: away, find: away, load: away },
      batch: away,
      ...{ record: async () => undefined, reopen: away, backup: away },
      list: async (...query) => {
        calls.push(query);
        return { items: [] };
      },
    },
    queue: {
      ...{ enqueue: away, resume: async () => undefined },
      depth: async () => ({ waiting: 1, active: 2, delayed: 3, oldestMs: 4, dueMs: 4 }),
      state: async () => ({ paused: false }),
      pause: async (note) => void calls.push(note),
    },
    ...{ replay: never, preview: never, audit: async () => audit, attemptsPerMinute: () => 0 },
    batches: createBatches({
      ledger: { keepBatch: away, batches: async () => [], batch: async () => undefined },
    }),
    metrics: { contentType: "text/plain; version=0.0.4; charset=utf-8", expose: async () => "up 1\n" },
    tell: (fact) => facts.push(fact),
    ...change,
  });
  const url = await admin.listen();
  const ask = (path: string, options: AskOptions = {}) => askAt(url, path, options);
  return { url, facts, calls, ask, [Symbol.asyncDispose]: () => admin.close() };
}

const codeOf = (answer: Asked) => answer.json.error.code as string;
const PAUSE = "/api/v1/queue/pause";

test("health says that the process is alive, and which version it is", async () => {
  await using gateway = await started();
  const answer = await gateway.ask("/healthz");
  assert.deepEqual([answer.status, answer.json], [200, { status: "ok", version: "1.2.3" }]);
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
  assert.deepEqual(answer.json, {
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

test("filters, page and cursor reach the ledger as it takes them", async () => {
  await using gateway = await started();
  const answer = await gateway.ask(
    "/api/v1/deliveries?outcome=dead&namespace=ci&listener=git&provider=github&event=push&repository=a%2Fb" +
      "&since=2026-01-31T12:00:00Z&until=1769900000000&limit=5&cursor=abc",
  );
  assert.equal(answer.status, 200);
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
    const { code, message, fix } = answer.json["error"] as Record<string, string>;
    assert.equal(code, "SLUICE_REQUEST_INVALID");
    assert.ok(message?.startsWith(query.slice(0, query.indexOf("="))), message);
    assert.match(fix ?? "", /expected ./);
    assert.doesNotMatch(message ?? "", /something/);
    assert.deepEqual(gateway.calls, []);
  });
}

for (const [body, what] of [
  ["[]", "a list"],
  ['"x"', "a text"],
  ['{"reason": 1}', "a reason that is no text"],
  ['{"reasons": "x"}', "an unknown field"],
  ['{"__proto__": {"reason": "x"}}', "__proto__"],
  ["{", "broken JSON"],
] as const) {
  test(`a note with ${what} is refused`, async () => {
    await using gateway = await started();
    const answer = await gateway.ask(PAUSE, { method: "POST", body });
    assert.deepEqual([answer.status, codeOf(answer)], [400, "SLUICE_REQUEST_INVALID"]);
    assert.deepEqual(gateway.calls, []);
  });
}

test("a body of nothing is no body, also where its type is said to be JSON", async () => {
  await using gateway = await started();
  const answer = await gateway.ask(PAUSE, { method: "POST", body: "" });
  assert.equal(answer.status, 200, answer.text);
});

test("a body over 64 KiB is refused", async () => {
  await using gateway = await started();
  const answer = await gateway.ask(PAUSE, { method: "POST", body: { reason: "x".repeat(70_000) } });
  assert.deepEqual([answer.status, codeOf(answer)], [413, "SLUICE_BODY_TOO_LARGE"]);
});

test("a service's fault is answered with the table's status; a defect is also stated as a fact", async () => {
  await using gateway = await started({
    audit: () => Promise.reject(new TypeError("x is not a function")),
  });
  const gone = await gateway.ask("/api/v1/acts");
  assert.deepEqual([gone.status, codeOf(gone)], [503, "SLUICE_STORE_AWAY"]);
  assert.deepEqual(gateway.facts, []);
  const broken = await gateway.ask("/api/v1/audit");
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

test("a page of another origin can change nothing through the user's browser", async () => {
  await using gateway = await started();
  const { host } = new URL(gateway.url);
  for (const headers of [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://localhost:3000" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ]) {
    const answer = await gateway.ask(PAUSE, { method: "POST", headers });
    assert.deepEqual([answer.status, codeOf(answer)], [403, "SLUICE_ADMIN_FOREIGN"], JSON.stringify(headers));
  }
  const plain = await gateway.ask(PAUSE, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: "{}",
  });
  assert.equal(plain.status, 400);
  assert.deepEqual(gateway.calls, []);
  const own = await gateway.ask(PAUSE, {
    method: "POST",
    headers: { origin: `http://${host}`, "sec-fetch-site": "same-origin" },
  });
  assert.equal(own.status, 200);
});

/** What each may ask: without rights, to look, to look into, to change. */
const DOORS = ["/healthz", "/api/v1/queue", "/api/v1/deliveries/x/payload", PAUSE] as const;
const TOKENS = [tokenOf("viewer", "view"), tokenOf("reader", "view", "payload"), tokenOf("boss", "operate")];

for (const [host, open, token, statuses] of [
  ["127.0.0.1", "view", undefined, [200, 200, 401, 401]],
  ["127.0.0.1", "loopback", undefined, [200, 200, 503, 200]],
  ["127.0.0.1", "never", undefined, [200, 401, 401, 401]],
  ["0.0.0.0", "view", undefined, [200, 401, 401, 401]],
  ["0.0.0.0", "loopback", undefined, [200, 401, 401, 401]],
  ["0.0.0.0", "view", "viewer", [200, 200, 403, 403]],
  ["127.0.0.1", "loopback", "viewer", [200, 200, 403, 403]],
  ["127.0.0.1", "never", "reader", [200, 200, 503, 403]],
  ["127.0.0.1", "never", "boss", [200, 403, 403, 200]],
  ["127.0.0.1", "loopback", "stranger", [200, 401, 401, 401]],
] as const) {
  test(`on ${host} with adminOpen ${open}, ${token ?? "nobody"} is answered ${statuses.join(", ")}`, async () => {
    await using gateway = await started({ host, open, tokens: TOKENS });
    const answers = DOORS.map((path) =>
      gateway.ask(path, {
        method: path === PAUSE ? "POST" : "GET",
        ...(token !== undefined && { token: shown(token) }),
      }),
    );
    const found = await Promise.all(answers);
    assert.deepEqual(
      found.map(({ status }) => status),
      statuses,
    );
    for (const { status, headers } of found)
      assert.equal(headers["www-authenticate"], status === 401 ? "Bearer" : undefined);
  });
}

test("the scheme is Bearer, and what is shown is never repeated", async () => {
  await using gateway = await started({ open: "never", tokens: TOKENS });
  for (const authorization of [
    "Basic YTpi",
    "Bearer",
    "Bearer a b",
    `Bearer ${"x".repeat(600)}`,
    "hunter2",
  ]) {
    const { status, text } = await gateway.ask("/api/v1/queue", { headers: { authorization } });
    assert.equal(status, 401, authorization);
    assert.doesNotMatch(text, /hunter2|YTpi/);
  }
});

test("the record has the name of the token, whatever name the request claims", async () => {
  await using gateway = await started({ tokens: TOKENS });
  const ask = (body: object) => gateway.ask(PAUSE, { method: "POST", token: shown("boss"), body });
  await ask({ actor: "ann", reason: "why" });
  await ask({});
  await gateway.ask(PAUSE, { method: "POST", body: { actor: "boss" } });
  assert.deepEqual(
    gateway.calls.map((note) => (note as { actor: string }).actor),
    ["ann (boss)", "boss", "boss (anonymous)"],
  );
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
