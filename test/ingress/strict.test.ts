/** Requests that two programs on the way may read differently: each is refused once, in our shape, and told once. */

import assert from "node:assert/strict";
import { type AddressInfo, connect } from "node:net";
import { after, before, test } from "node:test";
import { connect as connectSecurely } from "node:tls";
import type { Fact } from "../../src/core/fact.ts";
import type { ListenerPlan } from "../../src/core/plan.ts";
import { createIngress } from "../../src/ingress/server.ts";
import { selfSignedCertificate } from "../helpers/api-server/certificate.ts";

const plan: ListenerPlan = {
  ...{ namespace: "ci", name: "git", uid: "u", groups: [], payloadValidation: false, remote: false },
};
const other: ListenerPlan = { ...plan, name: "other" };
const plans = {
  all: () => [plan, other],
  find: (namespace: string, name: string) =>
    [plan, other].find((one) => one.namespace === namespace && one.name === name),
};
const facts: Fact[] = [];
const bodies: string[] = [];
const pair = selfSignedCertificate(Date.now());
const options = {
  ...{ plans, maxBody: 100_000, tell: (fact: Fact) => facts.push(fact) },
  accept: async ({ body }: { readonly body: Buffer }) => `${bodies.push(body.toString())}`,
};
const ports = {
  plain: createIngress(options),
  tls: createIngress({
    ...options,
    certificate: { pair: () => ({ ...pair, until: 0, subject: "" }), onChange: () => () => {} },
  }),
};

before(async () => {
  for (const port of Object.values(ports)) await port.listen({ host: "127.0.0.1", port: 0 });
});
after(async () => {
  for (const port of Object.values(ports)) await port.close();
});

/** Sends bytes, and reads until the port closes; a port that keeps the connection is asked to close it. */
async function send(text: string, over: keyof typeof ports): Promise<{ statuses: string[]; answer: string }> {
  const { port } = ports[over].server.address() as AddressInfo;
  const to = { host: "127.0.0.1", port, rejectUnauthorized: false };
  const socket = over === "tls" ? connectSecurely(to) : connect(to);
  socket.on("error", () => {});
  socket.write(Buffer.from(text, "latin1"));
  let answer = "";
  for await (const part of socket) {
    answer += String(part);
    // Whole, and not to be followed by another one.
    if (/^connection: keep-alive/im.test(answer) && answer.includes("\r\n\r\n")) break;
  }
  socket.destroy();
  return { statuses: [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code = ""]) => code), answer };
}

const P = "POST /ci/git HTTP/1.1\r\nHost: x\r\n";
const CL = "Content-Length: 2\r\n\r\n{}";
const chunked = (header: string, body = "2\r\n{}\r\n0\r\n\r\n"): string => `${P}${header}\r\n\r\n${body}`;

const REFUSED: Readonly<Record<string, readonly [text: string, status: string, code: string]>> = {
  "both lengths": [chunked("Content-Length: 4\r\nTransfer-Encoding: chunked"), "400", "SLUICE_HTTP_INVALID"],
  "both lengths, turned": [
    chunked("Transfer-Encoding: chunked\r\nContent-Length: 4"),
    "400",
    "SLUICE_HTTP_INVALID",
  ],
  "one length twice": [`${P}Content-Length: 2\r\n${CL}`, "400", "SLUICE_HTTP_INVALID"],
  "two lengths": [`${P}Content-Length: 3\r\n${CL}`, "400", "SLUICE_HTTP_INVALID"],
  "a list of lengths": [`${P}Content-Length: 2, 2\r\n\r\n{}`, "400", "SLUICE_HTTP_INVALID"],
  "a length with a sign": [`${P}Content-Length: +2\r\n\r\n{}`, "400", "SLUICE_HTTP_INVALID"],
  "a negative length": [`${P}Content-Length: -2\r\n\r\n{}`, "400", "SLUICE_HTTP_INVALID"],
  "a length in hex": [`${P}Content-Length: 0x2\r\n\r\n{}`, "400", "SLUICE_HTTP_INVALID"],
  "an empty length": [`${P}Content-Length:\r\n\r\n`, "400", "SLUICE_HTTP_INVALID"],
  "a length beyond all": [`${P}Content-Length: 99999999999999999999\r\n\r\n`, "400", "SLUICE_HTTP_INVALID"],
  "a space before the colon": [`${P}Content-Length : 2\r\n\r\n{}`, "400", "SLUICE_HTTP_INVALID"],
  "a folded header": [`${P}X-A: 1\r\n b\r\n${CL}`, "400", "SLUICE_HTTP_INVALID"],
  "a folded coding": [chunked("Transfer-Encoding:\r\n chunked"), "400", "SLUICE_HTTP_INVALID"],
  "a bare LF in the request line": [`POST /ci/git HTTP/1.1\nHost: x\n${CL}`, "400", "SLUICE_HTTP_INVALID"],
  "a bare LF in a header": [`${P}X: 1\n${CL}`, "400", "SLUICE_HTTP_INVALID"],
  "a bare CR in a header": [`${P}X: 1\r${CL}`, "400", "SLUICE_HTTP_INVALID"],
  "a NUL in a header": [`${P}X: a\0b\r\n${CL}`, "400", "SLUICE_HTTP_INVALID"],
  "a header that begins with a space": [
    `POST /ci/git HTTP/1.1\r\n Host: x\r\n${CL}`,
    "400",
    "SLUICE_HTTP_INVALID",
  ],
  "coding identity": [chunked("Transfer-Encoding: identity"), "501", "SLUICE_TRANSFER_ENCODING"],
  "coding gzip": [chunked("Transfer-Encoding: gzip"), "501", "SLUICE_TRANSFER_ENCODING"],
  "codings gzip, chunked": [chunked("Transfer-Encoding: gzip, chunked"), "501", "SLUICE_TRANSFER_ENCODING"],
  "coding xchunked": [chunked("Transfer-Encoding: xchunked"), "501", "SLUICE_TRANSFER_ENCODING"],
  "coding in quotes": [chunked('Transfer-Encoding: "chunked"'), "501", "SLUICE_TRANSFER_ENCODING"],
  "coding with a parameter": [chunked("Transfer-Encoding: chunked;q=1"), "501", "SLUICE_TRANSFER_ENCODING"],
  "codings chunked, gzip": [chunked("Transfer-Encoding: chunked, gzip"), "400", "SLUICE_HTTP_INVALID"],
  "chunked twice": [chunked("Transfer-Encoding: chunked, chunked"), "400", "SLUICE_HTTP_INVALID"],
  "chunked in two headers": [
    chunked("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    "400",
    "SLUICE_HTTP_INVALID",
  ],
  "a coding behind VT": [chunked("Transfer-Encoding: \x0bchunked"), "400", "SLUICE_HTTP_INVALID"],
  "chunked in HTTP/1.0": [
    chunked("Transfer-Encoding: chunked").replace("1.1", "1.0"),
    "501",
    "SLUICE_TRANSFER_ENCODING",
  ],
  "a chunk size 0x2": [
    chunked("Transfer-Encoding: chunked", "0x2\r\n{}\r\n0\r\n\r\n"),
    "400",
    "SLUICE_HTTP_INVALID",
  ],
  "a negative chunk": [
    chunked("Transfer-Encoding: chunked", "-2\r\n{}\r\n0\r\n\r\n"),
    "400",
    "SLUICE_HTTP_INVALID",
  ],
  "a chunk with bare LF": [
    chunked("Transfer-Encoding: chunked", "2\n{}\n0\n\n"),
    "400",
    "SLUICE_HTTP_INVALID",
  ],
  "an extension with bare LF": [
    chunked("Transfer-Encoding: chunked", "2;\n{}\r\n0\r\n\r\n"),
    "400",
    "SLUICE_HTTP_INVALID",
  ],
  "a chunk without end": [
    chunked("Transfer-Encoding: chunked", "2\r\n{}XX0\r\n\r\n"),
    "400",
    "SLUICE_HTTP_INVALID",
  ],
  "a chunk beyond all": [
    chunked("Transfer-Encoding: chunked", `${"f".repeat(17)}\r\n{}`),
    "400",
    "SLUICE_HTTP_INVALID",
  ],
  "a length as trailer": [
    chunked("Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n"),
    ...(["400", "SLUICE_HTTP_INVALID"] as const),
  ],
  "two hosts": [`${P}Host: y\r\n${CL}`, "400", "SLUICE_HTTP_INVALID"],
  "no host": [`POST /ci/git HTTP/1.1\r\n${CL}`, "400", "SLUICE_HTTP_INVALID"],
  "HTTP/2.0": [`POST /ci/git HTTP/2.0\r\nHost: x\r\n${CL}`, "505", "SLUICE_HTTP_VERSION"],
  "HTTP/3.0": [`POST /ci/git HTTP/3.0\r\nHost: x\r\n${CL}`, "505", "SLUICE_HTTP_VERSION"],
  "HTTP/0.9": ["POST /ci/git\r\n\r\n", "505", "SLUICE_HTTP_VERSION"],
  "the preface of HTTP/2": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400", "SLUICE_HTTP_INVALID"],
  "a method that is none": ["FOO /ci/git HTTP/1.1\r\nHost: x\r\n\r\n", "400", "SLUICE_HTTP_INVALID"],
  "a long header": [`${P}X: ${"a".repeat(20_000)}\r\n${CL}`, "431", "SLUICE_HEADERS_TOO_LARGE"],
  "host and path of two listeners": [
    `POST /ci/other HTTP/1.1\r\nHost: el-git.ci.svc\r\nConnection: close\r\n${CL}`,
    ...(["400", "SLUICE_ROUTE_CONFLICT"] as const),
  ],
  "a compressed body": [`${P}Content-Encoding: gzip\r\nConnection: close\r\n${CL}`, "415", "SLUICE_ENCODING"],
};

for (const over of ["plain", "tls"] as const) {
  for (const [name, [text, status, code]] of Object.entries(REFUSED)) {
    test(`${over}: ${name} is refused with ${status}`, async () => {
      facts.length = 0;
      bodies.length = 0;
      const { statuses, answer } = await send(text, over);
      assert.deepEqual(statuses, [status], answer);
      assert.ok(answer.includes(`"code":"${code}"`), answer);
      assert.match(answer, /^content-type: application\/json\r$/im);
      assert.deepEqual(bodies, []);
      // The sender may have his answer before it is told.
      while (facts.length === 0) await new Promise(setImmediate);
      assert.deepEqual(
        facts.map((fact) => fact.type === "delivery.refused" && fact.code),
        [code],
      );
    });
  }
}

test("what HTTP allows is taken", async () => {
  const taken = [
    `${P}${CL}`,
    `${P}Content-Length: 2  \r\n\r\n{}`,
    chunked("Transfer-Encoding: CHUNKED"),
    chunked("Transfer-Encoding:\tchunked"),
    chunked("Transfer-Encoding: chunked", "2;a=b\r\n{}\r\n0\r\n\r\n"),
    `${P}Content-Encoding: identity\r\n${CL}`,
    `${P}Content-Encoding: Identity, identity\r\n${CL}`,
    `${P}Content-Encoding:\r\n${CL}`,
    `POST /ci/git HTTP/1.0\r\n${CL}`,
    `POST / HTTP/1.1\r\nHost: el-git.ci.svc.cluster.local.:8080\r\n${CL}`,
    `POST /ci/git HTTP/1.1\r\nHost: el-git.ci.svc\r\n${CL}`,
  ];
  for (const text of taken) {
    bodies.length = 0;
    const { statuses } = await send(text, "plain");
    assert.deepEqual([statuses, bodies], [["202"], ["{}"]], text);
  }
});

test("only the exact name of a Service leads to its listener", async () => {
  const hosts = [
    "el-git.ci.svc.evil.example",
    "el-git.ci.svc.cluster.local.evil",
    "el-git.ci.svcx",
    "x.el-git.ci.svc",
  ];
  for (const host of hosts) {
    const { statuses } = await send(
      `POST /x HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${CL}`,
      "plain",
    );
    assert.deepEqual(statuses, ["404"], host);
  }
});

test("HEAD /live answers as GET does", async () => {
  const { statuses } = await send("HEAD /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "plain");
  assert.deepEqual(statuses, ["200"]);
});
