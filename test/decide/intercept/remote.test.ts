/** Remote interceptors and the legacy webhook against real servers on loopback, TLS included. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Event } from "../../../src/core/delivery.ts";
import { payload } from "../../../src/core/delivery.ts";
import { SluiceError } from "../../../src/core/errors.ts";
import type { CompiledInterceptor } from "../../../src/core/interceptor.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { runChain } from "../../../src/decide/intercept/chain.ts";
import { createHttpClient } from "../../../src/decide/intercept/http.ts";
import { compileRemote, resolveAddress } from "../../../src/decide/intercept/remote.ts";
import { compileWebhook } from "../../../src/decide/intercept/webhook.ts";
import { temporaryFolder } from "../../helpers/folder.ts";
import { ensureProgram } from "../../helpers/programs.ts";

const toLoopback = createHttpClient({ resolve: async () => [{ address: "127.0.0.1", family: 4 }] });
after(() => toLoopback.close());

interface Call {
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** A server that remembers what it was asked and gives one answer. */
async function serve(
  answer: { status?: number; headers?: Record<string, string>; body: string },
  tls?: https.ServerOptions,
) {
  const calls: Call[] = [];
  const listener: http.RequestListener = async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    calls.push({ url: request.url ?? "", headers: request.headers, body });
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  };
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    calls,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function event(text: string, more: Partial<Event> = {}): Event {
  const trigger = { namespace: "ci", name: "t" };
  const headers = { "Content-Type": ["application/json"], "X-Orig": ["o"] };
  return { id: "e1", trigger, url: "/p?q=1", headers, payload: payload(text), extensions: {}, ...more };
}

const ask = (interceptor: CompiledInterceptor, given: Event) =>
  runChain([{ name: "remote", interceptor }], given);

function remoteAt(port: number, params: JsonObject = {}): CompiledInterceptor {
  const spec = { clientConfig: { url: `http://interceptor.test:${port}/i?x=1` } };
  return compileRemote({ name: "custom", spec, params, http: toLoopback });
}

test("a remote interceptor gets Tekton's request, and its extensions join the event", async () => {
  await using there = await serve({ body: '{"continue":true,"extensions":{"c":{"k":"v"}}}' });
  const given = event('{"a":"x"}', { extensions: { before: 1 } });
  const result = await ask(remoteAt(there.port, { p1: "x" }), given);
  assert.equal(result.stopped, undefined);
  assert.deepEqual(result.event.extensions, { before: 1, c: { k: "v" } });
  assert.equal(there.calls[0]?.url, "/i?x=1");
  assert.equal(there.calls[0]?.headers["content-type"], "application/json");
  assert.deepEqual(JSON.parse(there.calls[0]?.body ?? ""), {
    body: '{"a":"x"}',
    header: given.headers,
    extensions: { before: 1 },
    interceptor_params: { p1: "x" },
    context: { event_url: "/p?q=1", event_id: "e1", trigger_id: "namespaces/ci/triggers/t" },
  });
});

test("a remote interceptor cannot replace body or headers, and what is empty is left out of the request", async () => {
  await using there = await serve({ body: '{"Continue":true,"body":"{}","headers":{"X":["y"]}}' });
  const given = event("");
  const result = await ask(remoteAt(there.port), given);
  assert.equal(result.event, given);
  assert.deepEqual(Object.keys(JSON.parse(there.calls[0]?.body ?? "")), ["header", "context"]);
});

test("only status 200 with an InterceptorResponse that says continue goes on", async () => {
  const cases = [
    [200, '{"continue":false,"status":{"code":9,"message":"no"}}', 9, undefined],
    [200, "{}", 0, undefined],
    [200, "null", 0, undefined],
    [202, '{"continue":true}', 13, undefined],
    [302, '{"continue":true}', 13, undefined],
    [404, "", 13, undefined],
    [429, "", 14, true],
    [503, "", 14, true],
    [200, "nope", 13, undefined],
    [200, "[]", 13, undefined],
    [200, '{"continue":"yes"}', 13, undefined],
    [200, '{"continue":true,"extensions":"nope"}', 13, undefined],
    [200, `${"[".repeat(5_000)}${"]".repeat(5_000)}`, 13, undefined],
  ] as const;
  for (const [status, body, code, transient] of cases) {
    await using there = await serve({ status, body });
    const { stopped } = await ask(remoteAt(there.port), event("{}"));
    assert.equal(stopped?.code, code, `${status} ${body.slice(0, 60)}`);
    assert.equal(stopped?.transient, transient, `${status} ${body.slice(0, 60)}`);
  }
});

test("an interceptor that is down is a transient stop; offline it is a plain one", async () => {
  const gone = await serve({ body: "" });
  await gone[Symbol.asyncDispose]();
  const { stopped, trace } = await ask(remoteAt(gone.port), event("{}"));
  assert.equal(stopped?.transient, true);
  assert.equal(stopped?.fault, "SLUICE_INTERCEPTOR_FAILED");
  assert.equal(trace[0]?.verdict, "error");
  const spec = { clientConfig: { url: "http://interceptor.test/" } };
  const offline = await ask(compileRemote({ name: "custom", spec, params: {} }), event("{}"));
  assert.match(offline.stopped?.reason ?? "", /not asked offline/);
});

test("no reason holds the credentials or the query of an address", async () => {
  await using there = await serve({ status: 404, body: "" });
  const url = `http://user:pa55@127.0.0.1:${there.port}/x?token=t0k3n`;
  const spec = { clientConfig: { url } };
  const reasons = [
    (await ask(compileRemote({ name: "custom", spec, params: {}, http: toLoopback }), event("{}"))).stopped
      ?.reason,
    (await ask(compileRemote({ name: "custom", spec, params: {} }), event("{}"))).stopped?.reason,
    (await ask(compileWebhook({ url }, "ci", toLoopback), event("{}"))).stopped?.reason,
  ];
  const shown = `http://127.0.0.1:${there.port}/x`;
  for (const reason of reasons) assert.ok(reason?.startsWith(`${shown} `), reason);
  assert.throws(
    () => resolveAddress("custom", { clientConfig: { url: "ftp://user:pa55@a.test/x?token=t0k3n" } }),
    (error: unknown) =>
      /ftp:\/\/a\.test\/x is no http/.test(String(error)) && !/pa55|t0k3n/.test(String(error)),
  );
});

test("a caBundle is trusted for its interceptor and nothing else is", async () => {
  using folder = temporaryFolder();
  const [key, cert] = [join(folder.path, "key.pem"), join(folder.path, "cert.pem")];
  const subject = ["-subj", "/CN=svc.tools.svc", "-addext", "subjectAltName=DNS:svc.tools.svc"];
  const made = spawnSync(ensureProgram("openssl", "openssl"), [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-keyout", key, "-out", cert, ...subject],
  ]);
  assert.equal(made.status, 0, String(made.stderr));
  const pem = readFileSync(cert);
  await using there = await serve({ body: '{"continue":true}' }, { key: readFileSync(key), cert: pem });
  const service = { name: "svc", namespace: "tools", port: there.port, path: "p" };
  const trusted = { clientConfig: { caBundle: pem.toString("base64"), service } };
  const options = { name: "custom", params: {}, http: toLoopback };
  assert.equal((await ask(compileRemote({ ...options, spec: trusted }), event("{}"))).stopped, undefined);
  assert.equal(there.calls[0]?.url, "/p");
  const strange = { clientConfig: { url: `https://svc.tools.svc:${there.port}/` } };
  const { stopped } = await ask(compileRemote({ ...options, spec: strange }), event("{}"));
  assert.match(stopped?.reason ?? "", /self-signed certificate/);
});

test("an address comes from the status, the url or the service, with Tekton's ports", () => {
  const service = { name: "svc", namespace: "tools" };
  const url = (spec: JsonObject, status?: JsonObject) => resolveAddress("custom", spec, status).url;
  assert.equal(
    url({ clientConfig: { url: "http://spec.test/" } }, { address: { url: "http://status.test/" } }),
    "http://status.test/",
  );
  assert.equal(url({ clientConfig: { service, url: "http://spec.test/" } }), "http://spec.test/");
  assert.equal(url({ clientConfig: { service } }), "http://svc.tools.svc:80/");
  assert.equal(url({ clientConfig: { service, caBundle: "Y2E=" } }), "https://svc.tools.svc:8443/");
  assert.equal(
    url({ clientConfig: { service: { ...service, port: 99, path: "/p" } } }),
    "http://svc.tools.svc:99/p",
  );
  for (const spec of [
    {},
    { clientConfig: {} },
    { clientConfig: { url: "file:///x" } },
    { clientConfig: { service: { name: "x" } } },
  ]) {
    assert.throws(() => url(spec), SluiceError, JSON.stringify(spec));
  }
});

test("the webhook gets the event with configured headers and extensions, and its answer takes the event's place", async () => {
  await using there = await serve({ headers: { "X-From": "webhook" }, body: '{"a":"r"}' });
  const header = [
    { name: "x-orig", value: "replaced" },
    { name: "X-List", value: ["1", "2"] },
  ];
  const interceptor = compileWebhook({ url: `http://hook.test:${there.port}/w`, header }, "ci", toLoopback);
  const given = event('{"id":12345678901234567890}', { extensions: { e: "ext", n: { m: 1 } } });
  const { event: after } = await ask(interceptor, given);
  assert.deepEqual(after.payload.json(), { a: "r" });
  assert.deepEqual(after.headers["X-From"], ["webhook"]);
  assert.equal(after.headers["X-Orig"], undefined);
  assert.deepEqual(after.extensions, given.extensions);
  const [call] = there.calls;
  assert.equal(call?.headers["x-orig"], "replaced");
  assert.equal(call?.headers["x-list"], "1, 2");
  assert.equal(call?.headers["eventlistener-request-url"], "/p?q=1");
  assert.equal(call?.body, '{"id":12345678901234567890,"extensions":{"e":"ext","n":{"m":1}}}');
});

test("the webhook's body holds the extensions also where it was empty or had some, and no list can take them", async () => {
  await using there = await serve({ body: "{}" });
  const interceptor = compileWebhook({ url: `http://hook.test:${there.port}/` }, "ci", toLoopback);
  const extensions = { x: 1 };
  for (const text of ["", "{}", ' {"extensions":{"y":2}}\n', '{"extensions":5}'])
    await ask(interceptor, event(text, { extensions }));
  assert.deepEqual(
    there.calls.map(({ body }) => body),
    [
      '{"extensions":{"x":1}}',
      '{"extensions":{"x":1}}',
      '{"extensions":{"x":1,"y":2}}',
      '{"extensions":{"x":1}}',
    ],
  );
  for (const text of ["[]", "nope"])
    assert.equal((await ask(interceptor, event(text, { extensions }))).stopped?.code, 3);
  await ask(interceptor, event("nope"));
  assert.equal(there.calls.at(-1)?.body, "nope");
});

test("any other status than 200 stops a webhook's chain", async () => {
  for (const [status, transient] of [
    [202, undefined],
    [400, undefined],
    [500, true],
  ] as const) {
    await using there = await serve({ status, body: "{}" });
    const { stopped } = await ask(
      compileWebhook({ url: `http://hook.test:${there.port}/` }, "ci", toLoopback),
      event("{}"),
    );
    assert.equal(stopped?.transient, transient, String(status));
    assert.match(stopped?.reason ?? "", new RegExp(String(status)));
  }
});

test("a Service reference leads to its namespace or the trigger's; anything else is refused when compiled", async () => {
  const urls: string[] = [];
  const http = async ({ url }: { url: string }) => {
    urls.push(url);
    return { status: 200, headers: {}, body: "{}" };
  };
  const objectRef = { kind: "Service", apiVersion: "v1", name: "svc" };
  await ask(compileWebhook({ objectRef }, "ci", http), event("{}"));
  await ask(compileWebhook({ objectRef: { ...objectRef, namespace: "tools" } }, "ci", http), event("{}"));
  assert.deepEqual(urls, ["http://svc.ci.svc/", "http://svc.tools.svc/"]);
  const broken: readonly JsonObject[] = [
    {},
    { objectRef: { ...objectRef, kind: "Pod" } },
    { url: "file:///x" },
    { objectRef, header: [{ name: "a", value: 5 }] },
    { objectRef, header: [null] },
  ];
  for (const webhook of broken)
    assert.throws(() => compileWebhook(webhook, "ci", http), SluiceError, JSON.stringify(webhook));
});

test("a Service is named by DNS labels and a port, so that no name is another host", () => {
  const at = (service: JsonObject) => resolveAddress("x", { clientConfig: { service } }).url;
  assert.equal(
    at({ name: "svc", namespace: "ci", path: "a?b#c/d", port: 8080 }),
    "http://svc.ci.svc:8080/a%3Fb%23c/d",
  );
  for (const [part, service] of [
    ["name", { name: "127.0.0.1:1/?", namespace: "ci" }],
    ["name", { name: "a.b", namespace: "ci" }],
    ["namespace", { name: "svc", namespace: "ci@evil" }],
    ["port", { name: "svc", namespace: "ci", port: 65_536 }],
    ["port", { name: "svc", namespace: "ci", port: 1.5 }],
  ] as const)
    assert.throws(
      () => at(service),
      (error) =>
        error instanceof SluiceError && error.values["field"] === `spec.clientConfig.service.${part}`,
      JSON.stringify(service),
    );
});
