/** A whole gateway that speaks TLS: deliveries over it, a certificate that is changed under it, and what readiness says. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { test } from "node:test";
import { SluiceError } from "../src/core/errors.ts";
import { selfSignedCertificate } from "./helpers/api-server/certificate.ts";
import { temporaryFolder } from "./helpers/folder.ts";
import { push, SIGNED } from "./helpers/objects.ts";
import { startRedis } from "./helpers/redis.ts";
import { place, readyz, started } from "./helpers/whole.ts";

/** Delivers a push over TLS, trusting `ca` alone. */
async function deliver(base: string | undefined, ca: string): Promise<number> {
  const { headers, body } = push({ token: "s3cret" });
  const plain = Object.fromEntries(Object.entries(headers).map(([name, [value = ""]]) => [name, value]));
  const outgoing = request(`${base}/ci/git`, { method: "POST", ca, agent: false, headers: plain });
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode ?? 0;
}

test("deliveries come over TLS, and a new certificate counts without a restart", async () => {
  await using redis = await startRedis({ appendfsync: "no" });
  using here = place(SIGNED, redis.url);
  using folder = temporaryFolder();
  const [tlsCert, tlsKey] = [join(folder.path, "tls.crt"), join(folder.path, "tls.key")];
  const write = ({ cert, key }: ReturnType<typeof selfSignedCertificate>): void => {
    writeFileSync(tlsCert, cert);
    writeFileSync(tlsKey, key);
  };
  const [first, second] = [selfSignedCertificate(Date.now()), selfSignedCertificate(Date.now())];
  write(first);
  await using gateway = await started({ ...here.flags, tlsCert, tlsKey });
  assert.match(gateway.listen ?? "", /^https:/);
  assert.equal(await deliver(gateway.listen, first.cert), 202);
  const { checks } = await readyz(gateway.admin);
  assert.match(checks.find(({ name }) => name === "certificate")?.message ?? "", /^valid until 20/);
  write(second);
  await gateway.heard(({ type }) => type === "certificate.loaded");
  assert.equal(await deliver(gateway.listen, second.cert), 202);
  await assert.rejects(deliver(gateway.listen, first.cert), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  writeFileSync(tlsKey, "no key");
  await gateway.heard(({ type }) => type === "certificate.broken");
  assert.deepEqual((await readyz(gateway.admin)).degraded, ["certificate"]);
  assert.equal(await deliver(gateway.listen, second.cert), 202);
  await gateway.heard(() => gateway.facts.filter(({ type }) => type === "run.created").length === 3);
  assert.equal(here.files().length, 3);
});

test("half of a pair, or one that cannot be used, is a start that fails", async () => {
  using here = place(SIGNED, "");
  const code = (expected: string) => (error: unknown) =>
    error instanceof SluiceError && error.code === expected;
  await assert.rejects(started({ ...here.flags, tlsCert: "/nowhere.crt" }), code("SLUICE_CONFIG_INVALID"));
  const both = { tlsCert: "/nowhere.crt", tlsKey: "/nowhere.key" };
  await assert.rejects(started({ ...here.flags, ...both }), code("SLUICE_CONFIG_TLS"));
});
