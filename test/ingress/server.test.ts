/** The webhook port over real HTTP: routing, raw bytes, limits, replies. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { fault } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/fact.ts";
import type { ListenerPlan, Plans } from "../../src/core/plan.ts";
import { type Arrival, createIngress } from "../../src/ingress/server.ts";

const listeners = ["default/github", "team-a/push", "team-a/small"];
const plans = servedBy(...listeners);
const facts: Fact[] = [];
const arrivals: { arrival: Arrival; plan: ListenerPlan }[] = [];
let refuseWith: Error | undefined;

const app = createIngress({
  plans,
  accept: async (arrival, plan) => {
    if (refuseWith !== undefined) throw refuseWith;
    arrivals.push({ arrival, plan });
    return "event-1";
  },
  tell: (fact) => facts.push(fact),
  maxBody: 1_000_000,
});
let base = "";

before(async () => {
  await app.listen({ host: "127.0.0.1", port: 0 });
  base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
});
after(() => app.close());

describe("routing", () => {
  test("a path names namespace and listener, and the answer is Tekton's", async () => {
    const response = await fetch(`${base}/team-a/push`, { method: "POST", body: "{}" });
    assert.equal(response.status, 202);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
    assert.deepEqual(await response.json(), {
      eventListener: "push",
      namespace: "team-a",
      eventListenerUID: "uid-push",
      eventID: "event-1",
    });
  });

  test("the Host of an in-cluster Service names the listener, whatever the path", async () => {
    for (const host of [
      "el-push.team-a.svc",
      "el-push.team-a.svc.cluster.local:8080",
      "EL-PUSH.team-a.svc",
    ]) {
      const { status, body } = await raw("/any/path", { host });
      assert.equal(status, 202, host);
      assert.equal((JSON.parse(body) as { eventListener: string }).eventListener, "push");
    }
  });

  test("a host that was given to a listener leads there by any path; one that is not served is the operator's mistake", async () => {
    const hosts = new Map([
      ["hooks.example.com", { namespace: "team-a", name: "push" }],
      ["gone.example.com", { namespace: "team-a", name: "gone" }],
    ]);
    const options = { plans, accept: async () => "id", tell: () => {}, maxBody: 1_000, hosts };
    const one = createIngress(options);
    const ask = async (url: string, host: string) => {
      const response = await one.inject({ method: "POST", url, payload: "{}", headers: { host } });
      const { eventListener } = response.json<{ eventListener?: string }>();
      return `${response.statusCode} ${eventListener ?? ""}`;
    };
    for (const host of [
      "hooks.example.com",
      "Hooks.Example.com:443",
      "hooks.example.com.",
      "hooks.example.com.:80",
    ])
      assert.equal(await ask("/any/path", host), "202 push", host);
    assert.equal(await ask("/team-a/push", "hooks.example.com"), "202 push");
    assert.equal(await ask("/default/github", "hooks.example.com"), "400 ");
    assert.equal(await ask("/default/github", "other.example.com"), "202 github");
    assert.equal(await ask("/x", "a.hooks.example.com"), "404 ");
    assert.equal((await ask("/x", "gone.example.com")).slice(0, 3), "503");
    await one.close();
  });

  test("what follows a listener's name leads to it, and stands in the delivery's URL", async () => {
    for (const path of ["/team-a/push/deploy?env=prod", "/team-a/push/a/b%2Fc/d.e/", "/team-a/push/?x=1"]) {
      const { status, body } = await raw(path, {});
      assert.equal(status, 202, path);
      assert.equal((JSON.parse(body) as { eventListener: string }).eventListener, "push");
      assert.equal(arrivals.at(-1)?.arrival.url, path);
    }
  });

  test("/ goes nowhere while several listeners are served", async () => {
    const response = await fetch(base, { method: "POST", body: "{}" });
    assert.equal(response.status, 404);
  });

  test("/ goes to the only listener, or to the default one", async () => {
    for (const [served, defaultListener] of [
      [servedBy("default/github"), undefined],
      [plans, { namespace: "default", name: "github" }],
    ] as const) {
      const one = createIngress({
        plans: served,
        accept: async () => "id",
        tell: () => undefined,
        maxBody: 100,
        ...(defaultListener && { defaultListener }),
      });
      const response = await one.inject({ method: "POST", url: "/?source=test", payload: "{}" });
      assert.equal(response.statusCode, 202);
      assert.equal(response.json().eventListener, "github");
      await one.close();
    }
  });

  test("an unknown listener is answered 404 with how to address one, and without a name that nobody sent", async () => {
    facts.length = 0;
    const response = await fetch(`${base}/team-a/nope`, { method: "POST", body: "{}" });
    assert.equal(response.status, 404);
    const answer = (await response.json()) as Record<string, string>;
    assert.equal(answer["code"], "SLUICE_LISTENER_UNKNOWN");
    assert.match(answer["fix"] ?? "", /<namespace>\/<listener>/);
    for (const name of listeners) assert.ok(!JSON.stringify(answer).includes(name), name);
    assert.deepEqual(
      facts.map((fact) => fact.type),
      ["delivery.refused"],
    );
  });

  test("hostile paths reach no listener", async () => {
    for (const path of [
      "/__proto__/constructor",
      "/team-a/push/../../etc",
      "/team-a/push/../../default/github",
      "/team-a/push/%2e%2E/github",
      "/team-a/push/./x",
      "/team-a/push//x",
      "/team-a/push/%zz",
      "/team-a/pushes/x",
      "/%2e%2e/x",
      "//",
      "/team-a%2Fpush",
      "/%",
    ]) {
      const { status } = await raw(path, {});
      assert.ok(status === 404 || status === 400, `${path}: ${status}`);
    }
  });

  test("a path that cannot be decoded is refused in our shape, and told", async () => {
    for (const path of ["/%ff", "/%", "/team-a/%E0%A4"]) {
      facts.length = 0;
      const { status, body } = await raw(path, {});
      assert.equal(status, 404, path);
      assert.equal((JSON.parse(body) as { code: string }).code, "SLUICE_LISTENER_UNKNOWN");
      assert.partialDeepStrictEqual(facts[0], { type: "delivery.refused", code: "SLUICE_LISTENER_UNKNOWN" });
    }
    const read = await app.inject({ method: "GET", url: "/%ff" });
    assert.deepEqual([read.statusCode, read.headers["allow"]], [405, "POST"]);
  });

  test("other methods are refused with Allow, and /live answers", async () => {
    const response = await fetch(`${base}/team-a/push`, { method: "PUT", body: "{}" });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "POST");
    assert.equal((await fetch(`${base}/live`)).status, 200);
  });
});

test("header values are bytes: UTF-8 is read as text, a byte that is none as U+FFFD", async () => {
  const { status } = await raw("/team-a/push", {
    "x-branch": Buffer.from("größe").toString("latin1"),
    "x-latin": "gr\u00f6\u00dfe",
  });
  assert.equal(status, 202);
  const headers = arrivals.at(-1)?.arrival.headers;
  assert.deepEqual(headers?.["X-Branch"], ["größe"]);
  assert.deepEqual(headers?.["X-Latin"], ["gr\ufffd\ufffde"]);
});

describe("body", () => {
  test("the bytes arrive as they were sent, whatever the content type says", async () => {
    const body = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]);
    for (const type of [
      "application/json",
      "text/plain; charset=utf-16",
      "nonsense",
      "application/x-www-form-urlencoded",
    ]) {
      arrivals.length = 0;
      const response = await fetch(`${base}/team-a/push?x=1`, {
        method: "POST",
        body,
        headers: { "content-type": type },
      });
      assert.equal(response.status, 202, type);
      const [{ arrival } = assert.fail("nothing arrived")] = arrivals;
      assert.deepEqual(arrival.body, body);
      assert.equal(arrival.url, "/team-a/push?x=1");
      assert.deepEqual(arrival.headers["Content-Type"], [type]);
      assert.equal(
        arrival.headers["Host"],
        undefined,
        "Go keeps Host apart from the headers, and filters see what Go shows",
      );
    }
  });

  test("a body without content type or length is taken", async () => {
    arrivals.length = 0;
    const { status } = await raw("/team-a/push", { "transfer-encoding": "chunked" }, "{}");
    assert.equal(status, 202);
    assert.equal(arrivals[0]?.arrival.body.toString(), "{}");
    assert.equal((await fetch(`${base}/team-a/push`, { method: "POST" })).status, 202);
  });

  test("an announced body over the limit is refused before it is sent", async () => {
    const { status, body } = await raw("/team-a/push", { "content-length": "26000000" }, "");
    assert.equal(status, 413);
    assert.match(body, /SLUICE_BODY_TOO_LARGE/);
  });

  test("a chunked body is refused once the limit is passed, and the sender reads why", async () => {
    const chunk = Buffer.alloc(65_536, 0x20);
    const { status, body } = await raw(
      "/team-a/push",
      { "transfer-encoding": "chunked" },
      ...Array(400).fill(chunk),
    );
    assert.equal(status, 413);
    assert.match(body, /larger than 1000000 bytes/);
  });

  test("a listener may lower the limit, byte for byte", async () => {
    const at = (bytes: number) => fetch(`${base}/team-a/small`, { method: "POST", body: " ".repeat(bytes) });
    assert.equal((await at(100)).status, 202);
    assert.equal((await at(101)).status, 413);
  });

  test("a compressed body is refused", async () => {
    const response = await fetch(`${base}/team-a/push`, {
      method: "POST",
      body: "x",
      headers: { "content-encoding": "gzip" },
    });
    assert.equal(response.status, 415);
  });

  test("large bodies arrive whole", async () => {
    arrivals.length = 0;
    const body = Buffer.alloc(999_999, "abcdefg");
    assert.equal((await fetch(`${base}/team-a/push`, { method: "POST", body })).status, 202);
    const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    assert.equal(digest(arrivals[0]?.arrival.body ?? Buffer.alloc(0)), digest(body));
  });
});

describe("refusals", () => {
  test("what accept refuses becomes the answer: status, code, cure; the reason stands in the log", async () => {
    facts.length = 0;
    refuseWith = fault("SLUICE_STORE_AWAY", { reason: "connect ECONNREFUSED 10.1.2.3:6379" });
    try {
      const response = await fetch(`${base}/team-a/push`, { method: "POST", body: "{}" });
      assert.equal(response.status, 503);
      assert.ok(Number(response.headers.get("retry-after")) > 0);
      const answer = (await response.json()) as Record<string, string>;
      assert.equal(answer["code"], "SLUICE_STORE_AWAY");
      assert.equal(answer["eventListener"], "push");
      // A store that fell silent may have it all the same.
      assert.equal(answer["errorMessage"], "nobody can say whether the delivery was stored");
      assert.match(answer["fix"] ?? "", /the same delivery id/);
      const [told] = facts;
      assert.match(told?.type === "delivery.refused" ? told.reason : "", /10\.1\.2\.3:6379/);
    } finally {
      refuseWith = undefined;
    }
  });

  test("a defect is a 500 that shows no stack", async () => {
    refuseWith = new TypeError("x is undefined");
    try {
      const response = await fetch(`${base}/team-a/push`, { method: "POST", body: "{}" });
      assert.equal(response.status, 500);
      assert.doesNotMatch(await response.text(), /server\.test|at .*\.ts/);
    } finally {
      refuseWith = undefined;
    }
  });

  test("a sender that hangs up in the middle is no delivery", async () => {
    arrivals.length = 0;
    facts.length = 0;
    const port = Number(new URL(base).port);
    const refused = new Promise<void>((resolve) => {
      const push = facts.push.bind(facts);
      facts.push = (...items) => {
        facts.push = push;
        resolve();
        return push(...items);
      };
    });
    const socket = connect(port, "127.0.0.1", () => {
      socket.write("POST /team-a/push HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", () =>
        socket.destroy(),
      );
    });
    await refused;
    assert.equal(arrivals.length, 0);
    assert.partialDeepStrictEqual(facts[0], { code: "SLUICE_SENDER_GONE", status: 400 });
  });
});

function servedBy(...names: readonly string[]): Plans {
  const all = names.map((full): ListenerPlan => {
    const [namespace = "", name = ""] = full.split("/");
    const limit = name === "small" ? { maxBodyBytes: 100 } : {};
    return {
      namespace,
      name,
      uid: `uid-${name}`,
      groups: [],
      payloadValidation: true,
      remote: false,
      ...limit,
    };
  });
  return {
    all: () => all,
    find: (namespace, name) => all.find((plan) => plan.namespace === namespace && plan.name === name),
  };
}

/** A request that fetch would not make: own Host, lengths that lie, chunks. */
function raw(
  path: string,
  headers: Record<string, string>,
  ...chunks: readonly (string | Buffer)[]
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base);
    const outgoing = request({ hostname, port, path, method: "POST", headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body });
        outgoing.destroy();
      });
    });
    outgoing.on("error", reject);
    for (const chunk of chunks) outgoing.write(chunk);
    if (headers["content-length"] === undefined) outgoing.end();
    else outgoing.flushHeaders();
  });
}
