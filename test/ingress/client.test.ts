/** Client certificates: real handshakes; who is named is who an authority of --tls-client-ca signed, and nobody else. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { SluiceError } from "../../src/core/errors.ts";
import { type Arrival, createIngress } from "../../src/ingress/server.ts";
import { certificateOf, WEBHOOK_CERTIFICATE } from "../../src/tls/certificate.ts";
import { selfSignedCertificate } from "../helpers/api-server/certificate.ts";
import { temporaryFolder } from "../helpers/folder.ts";

const plan = { namespace: "ci", name: "git", uid: "u", groups: [], payloadValidation: true, remote: false };
const tell = () => undefined;

test("a certificate that a trusted authority signed is handed over with the delivery; any other proves nobody", async () => {
  using folder = temporaryFolder();
  const [server, trusted, stranger] = [1, 2, 3].map(() => selfSignedCertificate(Date.now()));
  assert.ok(server && trusted && stranger);
  const file = (name: string, text: string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    return path;
  };
  const certificate = await certificateOf(
    {
      tlsCert: file("tls.crt", server.cert),
      tlsKey: file("tls.key", server.key),
      tlsClientCa: file("ca.crt", trusted.cert),
    },
    WEBHOOK_CERTIFICATE,
    { tell },
  );
  assert.ok(certificate);
  const arrived: Arrival[] = [];
  const app = createIngress({
    plans: { all: () => [plan], find: () => plan },
    accept: async (arrival) => `event-${arrived.push(arrival)}`,
    tell,
    maxBody: 1_000,
    certificate,
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  try {
    for (const own of [trusted, stranger, undefined]) {
      const place = { host: "127.0.0.1", port, path: "/ci/git", method: "POST" };
      const headers = { "x-client-cert": "CN=somebody", "x-forwarded-client-cert": "CN=somebody" };
      const outgoing = request({ ...place, headers, ca: server.cert, agent: false, ...own });
      outgoing.end("{}");
      const [response] = (await once(outgoing, "response")) as [IncomingMessage];
      response.resume();
      assert.equal(response.statusCode, 202);
    }
    const clients = arrived.map(({ client }) => client);
    assert.match(clients[0]?.subject ?? "", /CN=/);
    assert.ok((clients[0]?.names.length ?? 0) > 0);
    assert.deepEqual(clients.slice(1), [undefined, undefined]);
  } finally {
    certificate.close();
    await app.close();
  }
});

test("authorities without a certificate of the port's own, or in a file that holds none, are refused", async () => {
  using folder = temporaryFolder();
  const isInvalid = (error: unknown) =>
    error instanceof SluiceError && ["SLUICE_CONFIG_INVALID", "SLUICE_CONFIG_TLS"].includes(error.code);
  await assert.rejects(certificateOf({ tlsClientCa: "ca.crt" }, WEBHOOK_CERTIFICATE, { tell }), isInvalid);
  const { cert, key } = selfSignedCertificate(Date.now());
  const empty = join(folder.path, "ca.crt");
  writeFileSync(empty, "no certificate");
  await assert.rejects(
    certificateOf({ tlsCert: cert, tlsKey: key, tlsClientCa: empty }, WEBHOOK_CERTIFICATE, { tell }),
    isInvalid,
  );
});
