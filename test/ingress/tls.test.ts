/** TLS on the webhook port: real handshakes, certificates that are swapped under open connections, and broken ones. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readlinkSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import type { AddressInfo } from "node:net";
import { connect as connectPlain } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { SluiceError } from "../../src/core/errors.ts";
import { createIngress } from "../../src/ingress/server.ts";
import type { Certificate } from "../../src/tls/certificate.ts";
import { certificateOf, openCertificate, WEBHOOK_CERTIFICATE } from "../../src/tls/certificate.ts";
import { selfSignedCertificate } from "../helpers/api-server/certificate.ts";
import { listen as ear } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";

const EVERY_MS = 10;
const folder = temporaryFolder();
const paths = { cert: join(folder.path, "tls.crt"), key: join(folder.path, "tls.key") };
const first = selfSignedCertificate(Date.now());
const second = selfSignedCertificate(Date.now());
const { facts, tell, heard } = ear();
const plan = { namespace: "ci", name: "git", uid: "u", groups: [], payloadValidation: true, remote: false };
let certificate: Certificate;
let app: ReturnType<typeof createIngress>;
let port = 0;

function write({ cert, key }: { readonly cert: string; readonly key: string }): void {
  writeFileSync(paths.cert, cert);
  writeFileSync(paths.key, key);
}

before(async () => {
  write(first);
  certificate = await openCertificate(paths, { tell, everyMs: EVERY_MS });
  app = createIngress({
    plans: { all: () => [plan], find: () => plan },
    accept: async () => "event-1",
    tell,
    maxBody: 1_000,
    certificate,
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  port = (app.server.address() as AddressInfo).port;
});
after(async () => {
  certificate.close();
  await app.close();
  folder[Symbol.dispose]();
});

/** Posts over `agent` (one connection of its own without), trusting `ca` only. */
async function post(ca: string, agent: Agent | false = false): Promise<number> {
  const outgoing = request({ host: "127.0.0.1", port, path: "/ci/git", method: "POST", ca, agent });
  outgoing.end("{}");
  const [response] = (await once(outgoing, "response")) as [import("node:http").IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode ?? 0;
}

const loadedAgain = (count: number) =>
  heard(() => facts.filter(({ type }) => type === "certificate.loaded").length >= count);

describe("the webhook port", () => {
  test("takes deliveries over TLS, and gives a plain request no webhook", async () => {
    assert.equal(await post(first.cert), 202);
    const plain = connectPlain(port, "127.0.0.1", () =>
      plain.write("POST /ci/git HTTP/1.1\r\nHost: x\r\n\r\n"),
    );
    let answer = "";
    plain.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    plain.on("error", () => {});
    await once(plain, "close");
    assert.doesNotMatch(answer, /^HTTP/);
  });

  test("refuses TLS before 1.2", async () => {
    const old = connect({
      port,
      host: "127.0.0.1",
      ca: first.cert,
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    await assert.rejects(once(old, "secureConnect"), /protocol version|alert/);
    const socket: TLSSocket = connect({ port, host: "127.0.0.1", ca: first.cert, maxVersion: "TLSv1.2" });
    await once(socket, "secureConnect");
    assert.equal(socket.getProtocol(), "TLSv1.2");
    socket.destroy();
  });

  test("presents a new certificate to new connections, and goes on serving the open ones", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: first.cert });
    assert.equal(await post(first.cert, agent), 202);
    write(second);
    await loadedAgain(1);
    assert.equal(await post(second.cert), 202);
    await assert.rejects(post(first.cert), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    assert.equal(await post(first.cert, agent), 202, "its connection was not dropped");
    agent.destroy();
  });

  test("keeps the last good pair when the files are broken, says so once, and takes the mended ones", async () => {
    const broken = () => facts.filter(({ type }) => type === "certificate.broken");
    for (const [cert, key, reason] of [
      [first.cert, second.key, /the key is another certificate's/],
      ["-----no PEM-----", second.key, /tls\.crt with key .*tls\.key cannot be used: .*PEM/i],
      [second.cert, "", /cannot be used/],
    ] as const) {
      const before = broken().length;
      write({ cert, key });
      await heard(() => broken().length > before);
      const { state, message } = await certificate.check.check();
      assert.equal(state, "degraded");
      assert.match(message, reason);
      assert.match(message, /the last good one, valid until .*, stays in use/);
      assert.equal(await post(second.cert), 202);
      assert.doesNotMatch(message, /PRIVATE KEY/);
      assert.equal(broken().length, before + 1);
    }
    const loaded = facts.filter(({ type }) => type === "certificate.loaded").length;
    write(first);
    await loadedAgain(loaded + 1);
    assert.equal((await certificate.check.check()).state, "ok");
    assert.equal(await post(first.cert), 202);
  });
});

test("files that are swapped as a kubelet swaps a Secret's are read again", async () => {
  using place = temporaryFolder();
  const at = (...parts: string[]) => join(place.path, ...parts);
  const version = (name: string, { cert, key }: typeof first): void => {
    mkdirSync(at(name));
    writeFileSync(at(name, "tls.crt"), cert);
    writeFileSync(at(name, "tls.key"), key);
    symlinkSync(name, at("..next"));
    renameSync(at("..next"), at("..data"));
  };
  version("..1", first);
  for (const file of ["tls.crt", "tls.key"]) symlinkSync(join("..data", file), at(file));
  const own = ear();
  const opened = await openCertificate(
    { cert: at("tls.crt"), key: at("tls.key") },
    { tell: own.tell, everyMs: EVERY_MS },
  );
  version("..2", second);
  assert.equal(readlinkSync(at("..data")), "..2");
  await own.heard(({ type }) => type === "certificate.loaded");
  assert.equal(opened.pair().cert, second.cert);
  opened.close();
});

test("an expired certificate is said to be one, and a start without a usable pair fails", async () => {
  const day = 86_400_000;
  const source = { cert: first.cert, key: first.key };
  const later = { tell, clock: () => Date.now() + 30 * day };
  const opened = await openCertificate(source, later);
  const { state, message } = await opened.check.check();
  assert.deepEqual([state, /^expired at 20/.test(message)], ["degraded", true]);
  opened.close();
  const code = (expected: string) => (error: unknown) =>
    error instanceof SluiceError && error.code === expected;
  await assert.rejects(openCertificate({ ...source, key: second.key }, { tell }), code("SLUICE_CONFIG_TLS"));
  await assert.rejects(openCertificate({ ...source, cert: "/nowhere" }, { tell }), code("SLUICE_CONFIG_TLS"));
  await assert.rejects(
    certificateOf({ tlsCert: paths.cert }, WEBHOOK_CERTIFICATE, { tell }),
    code("SLUICE_CONFIG_INVALID"),
  );
  await assert.rejects(
    certificateOf({ tlsKey: paths.key }, WEBHOOK_CERTIFICATE, { tell }),
    code("SLUICE_CONFIG_INVALID"),
  );
  assert.equal(await certificateOf({}, WEBHOOK_CERTIFICATE, { tell }), undefined);
});
