/** The admin port as a process has it: TLS with a certificate that changes, names of strangers, tokens that all may read. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request as plain } from "node:http";
import { request as secure } from "node:https";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { selfSignedCertificate } from "../helpers/api-server/certificate.ts";
import { yamlOf } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { SIGNED } from "../helpers/objects.ts";
import { NODE, ROOT } from "../helpers/process.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";

const TOKEN = "only-a-test-0123456789";
const folder = temporaryFolder();
const declared = join(folder.path, "objects.yaml");
const pem = { cert: join(folder.path, "tls.crt"), key: join(folder.path, "tls.key") };
const first = selfSignedCertificate(Date.now());
const second = selfSignedCertificate(Date.now());
let redis: RedisServer;

const common = () => ["--config", declared, "--store", redis.url, "--create", "dry-run"];

function write({ cert, key }: { readonly cert: string; readonly key: string }): void {
  writeFileSync(pem.cert, cert);
  writeFileSync(pem.key, key, { mode: 0o600 });
}

async function ask(url: string, headers: Readonly<Record<string, string>> = {}, ca?: string) {
  const options = { headers, agent: false, ...(ca !== undefined && { ca }) } as const;
  const sent = url.startsWith("https:") ? secure(url, options) : plain(url, options);
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: await text(response) };
}

/** Runs a verb, as a person on this machine would. */
function verb(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    const run = [join(ROOT, "src/cli/run.ts"), ...args];
    execFile(NODE, run, { cwd: folder.path, env: { ...process.env, ...env } }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    );
  });
}

before(async () => {
  redis = await startRedis();
  writeFileSync(declared, yamlOf(SIGNED));
  write(first);
});
after(async () => {
  await redis?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe("TLS", () => {
  let gateway: GatewayProcess;
  before(async () => {
    const tls = ["--admin-tls-cert", pem.cert, "--admin-tls-key", pem.key];
    gateway = await startGateway([...common(), ...tls, "--admin-token", TOKEN]);
  });
  after(() => gateway?.stop());

  test("is all that the port speaks, under the certificate that it was given", async () => {
    assert.match(gateway.admin, /^https:/);
    assert.equal((await ask(`${gateway.admin}/healthz`, {}, first.cert)).status, 200);
    await assert.rejects(ask(`${gateway.admin}/healthz`), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    await assert.rejects(ask(gateway.admin.replace("https:", "http:")));
  });

  test("verbs trust what --admin-ca or the port's own setting names, and nothing else", async () => {
    const args = ["audit", "--gateway", gateway.admin, "--admin-token", TOKEN];
    assert.equal((await verb([...args, "--admin-ca", pem.cert])).code, 0);
    assert.equal((await verb(args, { SLUICE_ADMIN_TLS_CERT: pem.cert })).code, 0);
    const stranger = await verb(args);
    assert.notEqual(stranger.code, 0);
    assert.match(stranger.err, /SLUICE_GATEWAY_AWAY/);
  });

  test("another certificate is used as soon as it lies there, without a restart", async () => {
    write(second);
    const answers = async () =>
      ask(`${gateway.admin}/healthz`, {}, second.cert).then(
        ({ status }) => status,
        () => 0,
      );
    await eventually(answers, (status) => status === 200);
    await assert.rejects(ask(`${gateway.admin}/healthz`, {}, first.cert));
    const { text: ready } = await ask(`${gateway.admin}/readyz`, {}, second.cert);
    assert.match(ready, /"admin certificate","ok":true/);
  });

  test("half of a pair is refused, by the name of what is missing", async () => {
    const half = startGateway([...common(), "--admin-tls-cert", pem.cert]);
    await assert.rejects(half, /adminTlsKey/);
  });
});

test("bound to every address it answers by names that are its own, and by no stranger's", async () => {
  const ports = { admin: "0.0.0.0:0" };
  const hosts = ["--admin-hosts", "sluice.example,Other.example", "--admin-token", TOKEN];
  const gateway = await startGateway([...common(), ...hosts], ports);
  try {
    const url = `http://127.0.0.1:${new URL(gateway.admin).port}/healthz`;
    const own = Object.values(networkInterfaces()).flatMap((of) => (of ?? []).map((one) => one.address));
    const ours = [
      ...["localhost", "LOCALHOST:1", "127.0.0.1:9000", "[::1]:9000", "sluice.example", "other.example:9000"],
      ...["sluice-admin.sluice.svc:9000", "sluice-admin.sluice.svc.cluster.local", "10.1.2.3:9000"],
      ...own.map((address) => (address.includes(":") ? `[${address.replace(/%.*/, "")}]:9000` : address)),
    ];
    for (const host of ours) assert.equal((await ask(url, { host })).status, 200, host);
    const strangers = [
      "evil.example",
      "evil.example:9000",
      "127.0.0.1.evil.example",
      "svc",
      "evil.svc.example",
    ];
    for (const host of [
      ...strangers,
      "localhost.evil.example",
      "evil.svc.cluster.local.example",
      "1.2.3.4.5",
    ]) {
      const { status, text: said } = await ask(url, { host });
      assert.deepEqual([status, /SLUICE_ADMIN_FOREIGN/.test(said)], [403, true], host);
    }
  } finally {
    await gateway.stop();
  }
});

describe("a file of tokens", () => {
  const path = join(folder.path, "tokens.yaml");
  const start = (file: string) => startGateway([...common(), "--admin-tokens", file]);
  const rows = JSON.stringify([{ name: "ann", token: TOKEN, permissions: ["view"] }]);

  test("that every user may read is refused, with what to do about it", async () => {
    writeFileSync(path, rows);
    chmodSync(path, 0o644);
    await assert.rejects(start(path), /every user of this machine may use the file.*chmod o=/s);
  });

  test("that its owner and a group may read is taken, and so is a Secret as a kubelet mounts it", async () => {
    chmodSync(path, 0o640);
    const mounted = join(folder.path, "mounted");
    const version = "..2026_01_31_12_00_00.123456789";
    mkdirSync(join(mounted, version), { recursive: true });
    writeFileSync(join(mounted, version, "tokens.yaml"), readFileSync(path));
    chmodSync(join(mounted, version, "tokens.yaml"), 0o644);
    symlinkSync(version, join(mounted, "..data"));
    symlinkSync("..data/tokens.yaml", join(mounted, "tokens.yaml"));
    for (const file of [path, join(mounted, "tokens.yaml")]) {
      const gateway = await start(file);
      const headers = { authorization: `Bearer ${TOKEN}` };
      assert.equal((await ask(`${gateway.admin}/api/v1/queue`, headers)).status, 200);
      assert.equal((await ask(`${gateway.admin}/api/v1/queue`)).status, 401, "looking wants a token, too");
      await gateway.stop();
    }
  });
});
