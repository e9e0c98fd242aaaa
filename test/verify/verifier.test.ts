/** The verifier: one check per demand, rotation, raw bytes, faults for people, and proofs of stored deliveries. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import type { Delivery } from "../../src/core/delivery.ts";
import { fault } from "../../src/core/errors.ts";
import { headersFromPairs } from "../../src/core/headers.ts";
import type { ProofDemand } from "../../src/core/interceptor.ts";
import type { Secrets } from "../../src/core/secrets.ts";
import { createVerifier } from "../../src/verify/verifier.ts";

const secret = { namespace: "ci", name: "hook", key: "token" };
const demand: ProofDemand = { scheme: "github", secret };

function delivery(headers: Record<string, string>, body: Buffer): Delivery {
  const pairs = headersFromPairs(Object.entries(headers).flat());
  const listener = { namespace: "ci", name: "l" };
  return { id: "d", listener, receivedAt: 1_780_000_000_000, method: "POST", url: "/", headers: pairs, body };
}

function signed(body: Buffer, secret: Buffer | string, algorithm = "sha256"): Delivery {
  const hex = createHmac(algorithm, secret).update(body).digest("hex");
  return delivery({ "X-Hub-Signature-256": `${algorithm}=${hex}` }, body);
}

function secretsWith(values: Record<string, Buffer | string>, counts = { peeks: 0, reads: 0 }): Secrets {
  const data = new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
  return {
    peek(namespace, name) {
      counts.peeks++;
      return namespace === "ci" && name === "hook" ? data : null;
    },
    read: async () => {
      counts.reads++;
      return data;
    },
  };
}

test("bodies that are empty, no UTF-8, or start with a byte order mark are proved over their raw bytes", async () => {
  const bodies = ["", "{}", "\ufeff{}", "é🎉"].map((text) => Buffer.from(text));
  bodies.push(Buffer.from([0xff, 0xfe, 0x00]), Buffer.from([0x7b, 0xed, 0xa0, 0x80, 0x7d]));
  for (const secret of ["plain", Buffer.from([0xff, 0x00, 0x80])]) {
    const verifier = createVerifier(secretsWith({ token: secret }));
    for (const body of bodies) {
      assert.equal((await verifier.begin(signed(body, secret)).check(demand)).ok, true, body.toString("hex"));
    }
  }
});

test("bytes that only decode to the signed text do not pass for it", async () => {
  const verifier = createVerifier(secretsWith({ token: "s" }));
  const { headers } = signed(Buffer.from("\ufffd"), "s");
  const impostor = { ...signed(Buffer.from([0xff]), "other"), headers };
  assert.equal((await verifier.begin(impostor).check(demand)).ok, false);
});

test("GitHub's header takes no sha1, no other spelling and no second claim", async () => {
  const verifier = createVerifier(secretsWith({ token: "s" }));
  const body = Buffer.from("{}");
  const sha1 = createHmac("sha1", "s").update(body).digest("hex");
  const sha256 = createHmac("sha256", "s").update(body).digest("hex");
  const claims = [
    `sha1=${sha1}`,
    `sha256=${sha1}`,
    `SHA256=${sha256}`,
    sha256,
    `sha256=${sha256} `,
    `sha256=${sha256},x`,
  ];
  for (const claim of claims) {
    const proof = await verifier.begin(delivery({ "X-Hub-Signature-256": claim }, body)).check(demand);
    assert.equal(proof.ok ? "proved" : proof.code, "SLUICE_SIGNATURE_WRONG", claim);
  }
  const upper = delivery({ "X-Hub-Signature-256": `sha256=${sha256.toUpperCase()}` }, body);
  assert.equal((await verifier.begin(upper).check(demand)).ok, true);
});

test("a demand is checked once per delivery, however many triggers make it", async () => {
  const counts = { peeks: 0, reads: 0 };
  const proofs = createVerifier(secretsWith({ token: "s" }, counts)).begin(signed(Buffer.from("{}"), "s"));
  const results = await Promise.all(Array.from({ length: 100 }, () => proofs.check({ ...demand })));
  assert.ok(results.every((proof) => proof.ok));
  assert.deepEqual(counts, { peeks: 1, reads: 0 });
});

test("a Secret that was never read is read; one known to be absent is not asked for again", async () => {
  const counts = { peeks: 0, reads: 0 };
  const known = secretsWith({ token: "s" }, counts);
  const unread: Secrets = { ...known, peek: () => undefined };
  assert.equal(
    (
      await createVerifier(unread)
        .begin(signed(Buffer.from("{}"), "s"))
        .check(demand)
    ).ok,
    true,
  );
  assert.equal(counts.reads, 1);
  const elsewhere = { ...demand, secret: { ...secret, namespace: "other" } };
  const proof = await createVerifier(known)
    .begin(signed(Buffer.from("{}"), "s"))
    .check(elsewhere);
  assert.ok(!proof.ok);
  assert.equal(proof.code, "SLUICE_SECRET_MISSING");
  assert.match(proof.reason, /other\/hook.*namespace other/s);
  assert.equal(counts.reads, 1);
});

test("when secrets cannot be read just now the failure is transient", async () => {
  const away: Secrets = {
    peek: () => undefined,
    read: async () => {
      throw fault("SLUICE_CREATE_UNREACHABLE", { reason: "connection refused" });
    },
  };
  const proof = await createVerifier(away)
    .begin(signed(Buffer.from("{}"), "s"))
    .check(demand);
  assert.ok(!proof.ok);
  assert.equal(proof.transient, true);
});

test("a scheme that nobody knows proves nothing", async () => {
  const verifier = createVerifier(secretsWith({ token: "s" }));
  const proof = await verifier.begin(signed(Buffer.from("{}"), "s")).check({ ...demand, scheme: "rot13" });
  assert.ok(!proof.ok);
  assert.match(proof.reason, /rot13/);
});

test("a stored delivery keeps exactly the proofs that held when it arrived", async () => {
  const verifier = createVerifier(secretsWith({ token: "s" }));
  const arrived = signed(Buffer.from("{}"), "s");
  const proofs = verifier.begin(arrived);
  assert.equal(proofs.scheme(), "none");
  await proofs.check(demand);
  await proofs.check({ ...demand, scheme: "gitlab" });
  const record = proofs.scheme();
  assert.equal(record, "github(ci/hook/token)");

  const masked = { ...arrived, headers: { "X-Hub-Signature-256": ["***"] } };
  const again = verifier.recorded(masked, record);
  assert.equal((await again.check(demand)).ok, true);
  assert.equal(again.scheme(), record);
  const others: ProofDemand[] = [
    { ...demand, scheme: "gitlab" },
    { ...demand, secret: { ...secret, namespace: "other-team" } },
    { ...demand, secret: { ...secret, name: "hook/token) github(ci/hook" } },
  ];
  for (const other of others) {
    const proof = await again.check(other);
    assert.equal(proof.ok ? "proved" : proof.code, "SLUICE_UNVERIFIED");
  }
  assert.equal((await verifier.recorded(masked, "none").check(demand)).ok, false);
});
