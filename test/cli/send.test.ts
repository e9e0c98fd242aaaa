/** `sluice send`: what arrives at the other end, and what becomes of the answer. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../helpers/folder.ts";
import { SECRET, sluice, sluiceProcess } from "./helper.ts";

interface Arrived {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver that keeps what it gets and answers with what it is told. */
async function receiver(answer: { status: number; body: string }) {
  const arrived: Arrived[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method, url, headers } = request;
    arrived.push({ method, url, headers, body: Buffer.concat(parts).toString() });
    response.writeHead(answer.status).end(answer.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/ci/one`,
    arrived,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const OK = { status: 202, body: '{"eventID":"1"}' };

test("a GitHub delivery arrives with its event, its id and the right signature", async () => {
  await using there = await receiver(OK);
  const args = [
    "send",
    "github",
    "pull_request.closed",
    "--secret",
    "s3cret",
    "--id",
    "abc",
    "--to",
    there.url,
  ];
  assert.deepEqual(await sluice(args), { code: 0, stdout: '202 {"eventID":"1"}\n', stderr: "" });
  const [{ method, url, headers, body } = assert.fail("nothing arrived")] = there.arrived;
  assert.deepEqual([method, url], ["POST", "/ci/one"]);
  assert.equal(headers["x-github-event"], "pull_request");
  assert.equal(headers["x-github-delivery"], "abc");
  assert.equal(headers["content-type"], "application/json");
  assert.equal((JSON.parse(body) as { action: string }).action, "closed");
  const signature = createHmac("sha256", "s3cret").update(body).digest("hex");
  assert.equal(headers["x-hub-signature-256"], `sha256=${signature}`);
});

test("pushes of branches and of tags are told apart", async () => {
  await using there = await receiver(OK);
  for (const event of ["push", "push.branch", "push.tag"])
    await sluice(["send", "github", event, "--to", there.url]);
  const refs = there.arrived.map(({ body }) => (JSON.parse(body) as { ref: string }).ref.split("/")[1]);
  assert.deepEqual(refs, ["heads", "heads", "tags"]);
  assert.deepEqual(new Set(there.arrived.map(({ headers }) => headers["x-github-event"])), new Set(["push"]));
});

test("the secret may stand in a file, whose last newline does not count", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "secret");
  writeFileSync(path, "t0ken\n");
  await using there = await receiver(OK);
  const { code } = await sluice([
    "send",
    "gitlab",
    "merge_request",
    "--secret-file",
    path,
    "--to",
    there.url,
  ]);
  assert.equal(code, 0);
  const [{ headers } = assert.fail("nothing arrived")] = there.arrived;
  assert.equal(headers["x-gitlab-token"], "t0ken");
  assert.equal(headers["x-gitlab-event"], "Merge Request Hook");
  assert.equal((await sluice(["send", "gitlab", "push", "--secret-file", `${path}.no`])).code, 2);
});

test("a payload of one's own is sent byte for byte, and CloudEvents carry their attributes", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "event.json");
  writeFileSync(path, '{ "a" : 1 }\n');
  await using there = await receiver(OK);
  await sluice([
    "send",
    "cloudevents",
    "com.example.built",
    "--payload",
    path,
    "--id",
    "7",
    "--to",
    there.url,
  ]);
  const [{ headers, body } = assert.fail("nothing arrived")] = there.arrived;
  assert.equal(body, '{ "a" : 1 }\n');
  assert.deepEqual(
    [headers["ce-specversion"], headers["ce-type"], headers["ce-id"]],
    ["1.0", "com.example.built", "7"],
  );
});

test("a secret outside ASCII goes out as UTF-8, and --set changes what is signed", async () => {
  await using there = await receiver(OK);
  const args = [
    "send",
    "gitlab",
    "push",
    "--secret",
    "pässwörd 🔑",
    "--set",
    "body.ref=refs/heads/x",
    "--to",
    there.url,
  ];
  assert.equal((await sluice(args)).code, 0);
  const [{ headers, body } = assert.fail("nothing arrived")] = there.arrived;
  assert.equal(Buffer.from(String(headers["x-gitlab-token"]), "latin1").toString("utf8"), "pässwörd 🔑");
  assert.equal((JSON.parse(body) as { ref: string }).ref, "refs/heads/x");
});

test("--proof signs otherwise than the sender does, and a wrong one is refused", async () => {
  await using there = await receiver(OK);
  const sent = async (proof: string) => {
    const args = ["send", "generic", "x", "--secret", "s3cret", "--proof", proof, "--to", `${there.url}?a=b`];
    const { code, stderr } = await sluice(args);
    assert.equal(code, 0, stderr);
    return there.arrived.at(-1) ?? assert.fail("nothing arrived");
  };
  assert.equal((await sent("bearer")).headers.authorization, "Bearer s3cret");
  assert.equal((await sent("header:X-Token")).headers["x-token"], "s3cret");
  const mac = createHmac("sha256", "s3cret").update("{}").digest("hex");
  assert.equal((await sent("hmac:X-Signature")).headers["x-signature"], mac);
  const token = createHmac("sha256", "s3cret").update("ci/hook/token").digest("hex");
  assert.equal((await sent("path-token:ci/hook/token")).url, `/ci/one/${token}?a=b`);
  for (const proof of ["header", "bearer:x", "jwt", "nonsense"]) {
    const { code, stderr } = await sluice(["send", "generic", "x", "--secret", "s", "--proof", proof]);
    assert.equal(code, 2, proof);
    assert.match(stderr, /is none of github, /);
  }
});

test("with --config it is signed as the listener demands that the address leads to", async () => {
  await using there = await receiver(OK);
  const to = there.url.replace("/ci/one", "/default/github");
  const args = ["send", "github", "pull_request.opened", "--config", "examples/quickstart", "--to"];
  assert.equal((await sluice([...args, to])).code, 0);
  const [{ headers, body } = assert.fail("nothing arrived")] = there.arrived;
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  assert.equal(headers["x-hub-signature-256"], `sha256=${signature}`);
  assert.match((await sluice([...args, there.url])).stderr, /SLUICE_LISTENER_UNKNOWN/);
});

test("without a secret nothing is signed", async () => {
  await using there = await receiver(OK);
  await sluice(["send", "github", "push", "--to", there.url]);
  assert.equal(there.arrived[0]?.headers["x-hub-signature-256"], undefined);
});

test("a refusal ends with 1, and JSON output tells status and body", async () => {
  await using there = await receiver({ status: 401, body: '{"error":{"code":"SLUICE_UNVERIFIED"}}' });
  const { code, stdout } = await sluice(["send", "github", "push", "-o", "json", "--to", there.url]);
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(stdout), { status: 401, body: { error: { code: "SLUICE_UNVERIFIED" } } });
});

test("an answer cannot drive the terminal", async () => {
  await using there = await receiver({ status: 200, body: "\u001b[2Jhello\u009b31m" });
  assert.equal(
    (await sluice(["send", "github", "push", "--to", there.url])).stdout,
    "200 \ufffd[2Jhello\ufffd31m\n",
  );
});

test("where nobody listens the process ends with 3 and says what to start", async () => {
  const there = await receiver(OK);
  await there[Symbol.asyncDispose]();
  const { code, stdout, stderr } = await sluiceProcess(["send", "github", "push", "--to", there.url]);
  assert.deepEqual([code, stdout], [3, ""]);
  assert.match(stderr, /did not answer: .*ECONNREFUSED.*\[SLUICE_GATEWAY_AWAY\]\n {2}→ Start the gateway/);
});
