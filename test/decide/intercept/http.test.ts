/** The way out, against real servers on loopback: deadline, size, redirects, forbidden addresses, TLS, kept connections. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { after, test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import { addressesOf, isForbiddenAddress } from "../../../src/decide/intercept/addresses.ts";
import { createHttpClient } from "../../../src/decide/intercept/http.ts";

const client = createHttpClient();
after(() => client.close());

async function serve(listener: RequestListener) {
  const server = http.createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const unusable = (pattern: RegExp) => (error: unknown) =>
  error instanceof SluiceError &&
  error.code === "SLUICE_INTERCEPTOR_UNUSABLE" &&
  error.retry === "never" &&
  pattern.test(error.message);

const failure = (pattern: RegExp) => (error: unknown) =>
  error instanceof SluiceError && error.code === "SLUICE_INTERCEPTOR_FAILED" && pattern.test(error.message);

test("headers, body and status go there and come back, several values of one header included", async () => {
  await using there = await serve((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      response.setHeader("x-many", ["a", "b"]);
      response
        .writeHead(418)
        .end(JSON.stringify({ headers: request.rawHeaders, body, method: request.method }));
    });
  });
  const headers = {
    "X-Many": ["1", "2"],
    Connection: ["upgrade"],
    Host: ["evil"],
    "Content-Length": ["999"],
  };
  const answer = await client({ method: "PUT", url: there.url, headers, body: "é" });
  assert.equal(answer.status, 418);
  assert.deepEqual(answer.headers["X-Many"], ["a", "b"]);
  const seen = JSON.parse(answer.body);
  assert.equal(seen.method, "PUT");
  assert.equal(seen.body, "é");
  assert.deepEqual(seen.headers.slice(0, 6), ["X-Many", "1", "X-Many", "2", "Content-Length", "2"]);
  assert.ok(!seen.headers.includes("evil"));
});

test("header values go out and come back as UTF-8", async () => {
  await using there = await serve((request, response) => {
    const [, sent = ""] = request.rawHeaders;
    response.setHeader("x-back", sent);
    // Of a text Node would write head and body together, as UTF-8.
    response.end(Buffer.from(sent, "latin1"));
  });
  const answer = await client({ method: "GET", url: there.url, headers: { "X-Branch": ["größe 🔑"] } });
  assert.equal(answer.body, "größe 🔑");
  assert.deepEqual(answer.headers["X-Back"], ["größe 🔑"]);
});

test("redirects are answers, not orders", async () => {
  await using there = await serve((_request, response) =>
    response.writeHead(302, { location: "/elsewhere" }).end(),
  );
  assert.equal((await client({ method: "GET", url: there.url, headers: {} })).status, 302);
});

test("the deadline covers the whole exchange, also a body that never ends", async () => {
  await using silent = await serve(() => {});
  await using endless = await serve((_request, response) => void response.writeHead(200).write("x"));
  for (const { url } of [silent, endless]) {
    await assert.rejects(
      client({ method: "GET", url, headers: {}, timeout: 50 }),
      failure(/no answer within 50 ms/),
    );
  }
});

test("what had no answer on a kept connection is not sent again, and its connection is closed", async () => {
  let seen = 0;
  const hung = Promise.withResolvers<void>();
  await using there = await serve((request, response) => {
    seen++;
    if (request.url !== "/hang") return void response.end("ok");
    request.socket.once("close", () => hung.resolve());
  });
  const kept = createHttpClient();
  const ask = (path: string, timeout = 5_000) =>
    kept({ method: "POST", url: new URL(path, there.url).href, headers: {}, timeout });
  await ask("/");
  await assert.rejects(ask("/hang", 50), failure(/no answer within 50 ms/));
  await hung.promise;
  // Whatever had been sent once more would have come before these.
  for (let i = 0; i < 3; i++) await ask("/");
  assert.equal(seen, 5);
  kept.close();
});

test("a port of our own is refused in every spelling, and its neighbour is not", async () => {
  await using there = await serve((_request, response) => void response.end("ours"));
  await using other = await serve((_request, response) => void response.end("theirs"));
  const port = Number(new URL(there.url).port);
  for (const host of ["127.0.0.1", "localhost", "0.0.0.0", "::1"]) {
    const guarded = createHttpClient({
      deny: [{ host, port }],
      resolve: async () => [{ address: "::ffff:127.0.0.1", family: 6 }],
    });
    for (const name of ["127.0.0.1", "2130706433", "127.1.2.3", "[::1]", "[::ffff:7f00:1]", "any.test"]) {
      const url = `http://${name}:${port}/`;
      await assert.rejects(
        guarded({ method: "GET", url, headers: {} }),
        unusable(/forbidden/),
        `${host} ${url}`,
      );
    }
    assert.equal((await guarded({ method: "GET", url: other.url, headers: {} })).body, "theirs");
    guarded.close();
  }
});

test("a port of our own on an address of its own is refused there only", () => {
  const bound = addressesOf("10.0.0.1");
  assert.deepEqual(["10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2", "127.0.0.1"].map(bound), [
    true,
    true,
    false,
    false,
  ]);
  const name = addressesOf("gateway.test");
  assert.equal(name("127.0.0.1"), false);
});

test("what is no HTTP address is refused for good, and shown without credentials and query", async () => {
  for (const url of ["ftp://user:pa55@a.test/x?token=t0k3n", "nonsense?token=t0k3n", "//user:pa55@a.test"]) {
    await assert.rejects(client({ method: "GET", url, headers: {} }), (error: unknown) => {
      assert.ok(unusable(/is not HTTP|is no URL/)(error), String(error));
      return !/pa55|t0k3n/.test(String(error));
    });
  }
});

test("an answer beyond the limit is given up while it still comes", async () => {
  await using there = await serve(
    (_request, response) => void response.writeHead(200).write(Buffer.alloc(5_000)),
  );
  const small = createHttpClient({ maxBytes: 4_999 });
  await assert.rejects(
    small({ method: "GET", url: there.url, headers: {} }),
    unusable(/larger than 4999 bytes/),
  );
  small.close();
});

test("metadata and link-local addresses are refused in every spelling", async () => {
  const urls = [
    "http://169.254.169.254/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://169.254.43518/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://100.100.100.200/",
    "http://0.0.0.0/",
  ];
  for (const url of urls) {
    await assert.rejects(client({ method: "GET", url, headers: {} }), unusable(/forbidden/), url);
  }
  assert.equal(isForbiddenAddress("10.0.0.1"), false);
  assert.equal(isForbiddenAddress("2001:db8::1"), false);
  assert.equal(isForbiddenAddress("no address"), true);
});

test("a name is judged by what it resolves to, and one bad address spoils it", async () => {
  const lying = createHttpClient({
    resolve: async () => [
      { address: "127.0.0.1", family: 4 },
      { address: "169.254.169.254", family: 4 },
    ],
  });
  await assert.rejects(
    lying({ method: "GET", url: "http://interceptor.test/", headers: {} }),
    unusable(/interceptor\.test leads to the forbidden address 169\.254\.169\.254/),
  );
  const nowhere = createHttpClient({ resolve: async () => [] });
  await assert.rejects(
    nowhere({ method: "GET", url: "http://a.test/", headers: {} }),
    failure(/has no address/),
  );
  lying.close();
  nowhere.close();
});

test("a resolver leads to the right server, and a name is resolved once per connection", async () => {
  await using there = await serve((request, response) => void response.end(request.headers.host));
  const { port } = new URL(there.url);
  let lookups = 0;
  const named = createHttpClient({
    resolve: async () => {
      lookups++;
      return [{ address: "127.0.0.1", family: 4 }];
    },
  });
  for (let i = 0; i < 3; i++) {
    const { body } = await named({ method: "GET", url: `http://svc.ci.svc:${port}/`, headers: {} });
    assert.equal(body, `svc.ci.svc:${port}`);
  }
  assert.equal(lookups, 1);
  named.close();
});

test("a kept connection that the server closed in between is opened again", async () => {
  // Answers once per connection with keep-alive, and resets the connection at the second request.
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections++;
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok");
      socket.once("data", () => socket.resetAndDestroy());
    });
    socket.on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  for (let i = 0; i < 2; i++) assert.equal((await client({ method: "GET", url, headers: {} })).body, "ok");
  assert.equal(connections, 2);
  client.close();
  server.close();
  await once(server, "close");
});

test("what is no HTTP address, or no valid header, is refused before anything is sent", async () => {
  for (const url of ["file:///etc/passwd", "ftp://a.test/", "nonsense"]) {
    await assert.rejects(client({ method: "GET", url, headers: {} }), SluiceError, url);
  }
  await using there = await serve(() => assert.fail("was asked"));
  await assert.rejects(
    client({ method: "GET", url: there.url, headers: { "X-A": ["a\r\nb"] } }),
    failure(/invalid/i),
  );
});

test("a message shows neither credentials nor query", async () => {
  await assert.rejects(
    client({ method: "GET", url: "http://user:pass@169.254.169.254/p?token=x", headers: {} }),
    (error) => error instanceof SluiceError && !/pass|token/.test(error.message),
  );
});
