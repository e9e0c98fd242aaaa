/** The webhook port with `--http tekton`, and replies to CloudEvents: over real HTTP, without the shared vectors. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { plansOf } from "../../src/catalog/plans/in-force.ts";
import { fault } from "../../src/core/errors.ts";
import type { ListenerPlan } from "../../src/core/plan.ts";
import { cleanUrl } from "../../src/ingress/route.ts";
import { createIngress } from "../../src/ingress/server.ts";

const plan = (name: string): ListenerPlan => ({
  ...{ namespace: "ci", name, uid: `uid-${name}`, groups: [] },
  ...{ payloadValidation: true, remote: false },
});

const seen: string[] = [];
const app = createIngress({
  plans: plansOf([plan("git"), plan("other")]),
  accept: async ({ method, url, body }, { name }) => {
    if (body.length === 0) throw fault("SLUICE_BODY_NOT_JSON", { reason: "it is empty" });
    seen.push(`${method} ${url} ${name}`);
    return "event-1";
  },
  tell: () => undefined,
  maxBody: 1_000,
  http: "tekton",
  defaultListener: { namespace: "ci", name: "git" },
});
let port = 0;

before(async () => {
  await app.listen({ host: "127.0.0.1", port: 0 });
  port = (app.server.address() as AddressInfo).port;
});
after(() => app.close());

/** A request whose path nobody cleans on the way. */
async function ask(method: string, path: string, body = "{}", headers: Record<string, string> = {}) {
  const all = { "content-length": String(body.length), ...headers };
  const outgoing = request({ host: "127.0.0.1", port, method, path, headers: all, agent: false });
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

describe("as Tekton's listener does", () => {
  test("every method and every path triggers", async () => {
    for (const method of ["PUT", "DELETE", "PATCH", "POST", "GET", "PROPFIND", "PURGE"]) {
      seen.length = 0;
      assert.equal((await ask(method, "/a/b?c=d")).status, 202, method);
      assert.deepEqual(seen, [`${method} /a/b?c=d git`]);
    }
  });

  test("a path that names a listener, and a Host that does, still go there", async () => {
    seen.length = 0;
    await ask("POST", "/ci/other");
    await ask("POST", "/ci/other/deploy?env=prod");
    await ask("POST", "/x", "{}", { host: "el-other.ci.svc" });
    assert.deepEqual(seen, ["POST /ci/other other", "POST /ci/other/deploy?env=prod other", "POST /x other"]);
  });

  test("/live answers ok to any method and triggers nothing", async () => {
    seen.length = 0;
    const { status, headers, body } = await ask("POST", "/live?x=1");
    assert.deepEqual([status, headers["content-type"], body], [200, "text/plain; charset=utf-8", "ok"]);
    assert.deepEqual(seen, []);
  });

  test("an unclean path is redirected within this host", async () => {
    for (const [path, location] of [
      ["//evil.test/x", "/evil.test/x"],
      ["/a/../b?c=1", "/b?c=1"],
    ] as const) {
      const { status, headers, body } = await ask("POST", path);
      assert.deepEqual([status, headers.location, body], [307, location, ""]);
    }
  });

  test("a browser is shown the way too, and a path that cannot be decoded is a bad request", async () => {
    const { headers, body } = await ask("GET", "/a//b?c=<&", "");
    assert.equal(headers["content-type"], "text/html; charset=utf-8");
    assert.equal(body, '<a href="/a/b?c=&lt;&amp;">Temporary Redirect</a>.\n\n');
    for (const path of ["/%", "/a%zz"]) {
      const refused = await ask("POST", path);
      assert.deepEqual([refused.status, refused.body], [400, "400 Bad Request"], path);
    }
    assert.equal((await ask("POST", "/x?a=%zz")).status, 202);
  });

  test("a refusal has Tekton's fields and no others", async () => {
    const { status, headers, body } = await ask("GET", "/", "");
    assert.deepEqual([status, headers["content-type"]], [400, "application/json"]);
    const errorMessage = "Invalid event body format: it is empty";
    const expected = { eventListener: "git", namespace: "ci", eventListenerUID: "", errorMessage };
    assert.deepEqual(JSON.parse(body), expected);
  });

  test("a default listener that is not declared is a 500 that tells strangers nothing", async () => {
    const broken = createIngress({
      plans: plansOf([]),
      accept: async () => "never",
      tell: () => undefined,
      maxBody: 1,
      http: "tekton",
      defaultListener: { namespace: "ci", name: "gone" },
    });
    const { statusCode, body } = await broken.inject({ method: "POST", url: "/", payload: "{}" });
    assert.deepEqual([statusCode, body], [500, ""]);
    await broken.close();
  });
});

describe("a CloudEvent is answered with a CloudEvent", () => {
  const cloudEvent = {
    "ce-specversion": "1.0",
    "ce-type": "dev.tekton.event.triggers.accepted.v1",
    "ce-source": "git",
    "ce-id": "event-1",
    "ce-subject": "ci.git accepted event-1",
  };
  const headersOf = async (headers: Record<string, string>) => {
    const { headers: all } = await ask("POST", "/", "{}", headers);
    return Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith("ce-")));
  };

  test("in binary mode, where the version is known", async () => {
    for (const version of ["1.0", "0.3"])
      assert.deepEqual(await headersOf({ "Ce-Specversion": version }), cloudEvent);
    for (const version of ["", "9", "1"])
      assert.deepEqual(await headersOf({ "Ce-Specversion": version }), {});
  });

  test("in structured mode, whatever the case and parameters of its content type", async () => {
    for (const type of ["application/cloudevents+json", "Application/CloudEvents+JSON; charset=utf-8"])
      assert.deepEqual(await headersOf({ "Content-Type": type }), cloudEvent);
    for (const type of ["application/cloudevents+xml", "application/json", "x application/cloudevents+json"])
      assert.deepEqual(await headersOf({ "Content-Type": type }), {});
  });
});

test("paths are cleaned as Go's ServeMux cleans them: before decoding, a last slash kept, the query too", () => {
  for (const clean of ["/", "/a", "/a/", "/a/b?x=//", "/%2e%2e/x", "/...", "/.a", "/a..b"])
    assert.equal(cleanUrl(clean), undefined, clean);
  for (const [url, clean] of [
    ["//", "/"],
    ["//a", "/a"],
    ["/a//b/", "/a/b/"],
    ["/./a", "/a"],
    ["/a/.", "/a"],
    ["/a/..", "/"],
    ["/../../a", "/a"],
    ["/live/../x?y=1", "/x?y=1"],
  ] as const)
    assert.equal(cleanUrl(url), clean, url);
});
