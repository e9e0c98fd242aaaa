/** The interceptor `proof`: every type under the contract where it has one, and what each refuses to be told. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { proof } from "../../interceptors/proof.ts";
import type { Delivery } from "../../src/core/delivery.ts";
import { fault, SluiceError } from "../../src/core/errors.ts";
import type { HttpClient, ProofDemand } from "../../src/core/interceptor.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createVerifier } from "../../src/verify/verifier.ts";
import { deliveryOf, interceptorContract, memorySecrets, offlineTools } from "../contracts/interceptor.ts";

const secretRef = { secretName: "hook", secretKey: "token" };
const BODY = '{"kind":"artifact"}';
const NOW = deliveryOf({}, "").receivedAt / 1_000;
const mac = (algorithm: string, secret: string, text: string, encoding: "hex" | "base64" = "hex") =>
  createHmac(algorithm, secret).update(text).digest(encoding);

const shared = { interceptor: proof, body: BODY, coversBody: false, refusesUnknown: true };
describe("header", () =>
  interceptorContract({
    ...shared,
    params: { type: "header", secretRef, header: "X-Hook-Key" },
    sign: (_body, secret) => ({ "X-Hook-Key": secret }),
    proofHeader: "X-Hook-Key",
  }));
describe("bearer", () =>
  interceptorContract({
    ...shared,
    params: { type: "bearer", secretRef },
    sign: (_body, secret) => ({ Authorization: secret === "" ? "" : `bearer ${secret}` }),
    proofHeader: "Authorization",
  }));
describe("hmac", () =>
  interceptorContract({
    ...shared,
    params: {
      type: "hmac",
      secretRef,
      header: "X-Signature",
      prefix: "v1=",
      encoding: "base64",
      algorithm: "sha512",
      template: "{timestamp}.{X-Message-Id}.{body}",
      timestampHeader: "X-Time",
      idHeader: "X-Message-Id",
    },
    sign: (body, secret) => ({
      "X-Time": String(NOW),
      "X-Message-Id": "m1",
      "X-Signature": `v1=${mac("sha512", secret, `${NOW}.m1.${body}`, "base64")}`,
    }),
    proofHeader: "X-Signature",
    coversBody: true,
  }));

function demandOf(params: JsonObject): ProofDemand {
  const [demand] = proof.compile(params, offlineTools()).proofs ?? [];
  assert.ok(demand);
  return demand;
}

async function outcome(
  params: JsonObject,
  delivery: Delivery,
  { token = "s3cret", http }: { readonly token?: string; readonly http?: HttpClient } = {},
): Promise<string> {
  const verifier = createVerifier(memorySecrets({ hook: { token } }), http && { http });
  const result = await verifier.begin(delivery).check(demandOf(params));
  return result.ok ? "proved" : result.code;
}

test("Basic proves user and password, however the scheme's name is written, and nothing else", async () => {
  const params = { type: "basic", secretRef };
  const sent = (value: string) => deliveryOf({ Authorization: value }, BODY);
  const token = "ci:pass:word";
  const encoded = Buffer.from(token).toString("base64");
  assert.equal(await outcome(params, sent(`basic ${encoded}`), { token }), "proved");
  assert.equal(await outcome(params, sent(`Bearer ${encoded}`), { token }), "SLUICE_SIGNATURE_MISSING");
  assert.equal(await outcome(params, sent(`Basic ${token}`), { token }), "SLUICE_SIGNATURE_WRONG");
});

test("a MAC must be fresh, of the algorithm that was asked for, and of exactly what the template says", async () => {
  const params = {
    type: "hmac",
    secretRef,
    header: "X-Sig",
    template: "{timestamp}.{body}",
    timestampHeader: "X-T",
  };
  const sent = (time: number, signature: string) =>
    outcome(params, deliveryOf({ "X-T": String(time), "X-Sig": signature }, BODY));
  const at = (time: number) => mac("sha256", "s3cret", `${time}.${BODY}`);
  assert.equal(await sent(NOW, at(NOW)), "proved");
  assert.equal(await sent(NOW - 299, at(NOW - 299)), "proved");
  assert.equal(await sent(NOW - 301, at(NOW - 301)), "SLUICE_PROOF_STALE");
  assert.equal(await sent(NOW, at(NOW - 1)), "SLUICE_SIGNATURE_WRONG");
  assert.equal(await sent(NOW, mac("sha1", "s3cret", `${NOW}.${BODY}`)), "SLUICE_SIGNATURE_WRONG");
});

test("bytes of a signed header cannot be moved into the body", async () => {
  const params = { type: "hmac", secretRef, header: "X-Sig", template: "{X-Id}.{body}", idHeader: "X-Id" };
  const signature = mac("sha256", "s3cret", "a.b.{}");
  const sent = (id: string, body: string) =>
    outcome(params, deliveryOf({ "X-Id": id, "X-Sig": signature }, body));
  assert.equal(await sent("a", "b.{}"), "proved");
  assert.equal(await sent("a.b", "{}"), "SLUICE_SIGNATURE_WRONG");
});

test("an id that the MAC covers is the one that counts", async () => {
  const signed = { type: "hmac", secretRef, header: "X-Sig", template: "{X-Id}.{body}", idHeader: "X-Id" };
  const delivery = deliveryOf({ "X-Id": "7", "X-Sig": mac("sha256", "s3cret", `7.${BODY}`) }, BODY);
  const proofs = createVerifier(memorySecrets({ hook: { token: "s3cret" } })).begin(delivery);
  assert.equal((await proofs.check(demandOf(signed))).ok, true);
  assert.equal(proofs.signedId(), "7");
});

test("Standard Webhooks takes secrets that sign, and no others", async () => {
  const params = { type: "standard-webhooks", secretRef };
  const key = "0123456789abcdef0123456789abcdef";
  const headers = {
    "webhook-id": "m",
    "webhook-timestamp": String(NOW),
    "webhook-signature": `v1a,AAAA v1,${mac("sha256", key, `m.${NOW}.${BODY}`, "base64")}`,
  };
  const token = `whsec_${Buffer.from(key).toString("base64")}`;
  assert.equal(await outcome(params, deliveryOf(headers, BODY), { token }), "proved");
  assert.equal(await outcome(params, deliveryOf(headers, BODY), { token: key }), "SLUICE_SIGNATURE_WRONG");
});

test("a token in path or query is made of the secret, and is not the secret", async () => {
  const token = mac("sha256", "s3cret", "ci/hook/token");
  const at = (url: string): Delivery => ({ ...deliveryOf({}, BODY), url });
  const inPath = { type: "path-token", secretRef };
  assert.equal(await outcome(inPath, at(`/ci/git/${token}?a=1`)), "proved");
  assert.equal(await outcome(inPath, at(`/ci/git?token=${token}`)), "SLUICE_SIGNATURE_MISSING");
  assert.equal(await outcome(inPath, at("/ci/git/s3cret")), "SLUICE_SIGNATURE_WRONG");
  const inQuery = { ...inPath, query: "t" };
  assert.equal(await outcome(inQuery, at(`/ci/git?a=1&t=${token}`)), "proved");
  assert.equal(await outcome(inQuery, at("/ci/git?t=")), "SLUICE_SIGNATURE_MISSING");
  assert.deepEqual([demandOf(inPath).hides, demandOf(inQuery).hides], [["/"], ["?t"]]);
});

test("a client certificate is read from the connection, by subject or by one of its names", async () => {
  const client = {
    subject: "CN=ci, O=Example",
    names: ["DNS:ci.example.com", "URI:spiffe://example.com/ci"],
  };
  const shown: Delivery = { ...deliveryOf({}, BODY), client };
  for (const [params, wanted] of [
    [{ subject: "CN=ci, O=Example" }, "proved"],
    [{ subject: "CN=ci" }, "SLUICE_PROOF_REFUTED"],
    [{ san: "URI:spiffe://example.com/ci" }, "proved"],
    [{ san: "spiffe://example.com/ci" }, "SLUICE_PROOF_REFUTED"],
  ] as const) {
    assert.equal(await outcome({ type: "mtls", ...params }, shown), wanted);
  }
  const claimed = deliveryOf({ "X-Client-Cert": "CN=ci, O=Example" }, BODY);
  assert.equal(await outcome({ type: "mtls", subject: "CN=ci, O=Example" }, claimed), "SLUICE_PROOF_MISSING");
});

describe("a JSON Web Token", async () => {
  const pair = await generateKeyPair("ES256", { extractable: true });
  const other = await generateKeyPair("ES256");
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "ES256" }] });
  const jwksUrl = "https://issuer.example/keys";
  const params = { type: "jwt", issuer: "https://issuer.example", audience: "sluice", jwksUrl };
  const token = (change: JsonObject = {}, key = pair.privateKey, kid = "k1") =>
    new SignJWT({ iss: "https://issuer.example", aud: "sluice", exp: NOW + 60, repository: "a/b", ...change })
      .setProtectedHeader({ alg: "ES256", kid })
      .sign(key);
  const sent = (jwt: string) => deliveryOf({ Authorization: `Bearer ${jwt}` }, BODY);
  const http: HttpClient = async () => ({ status: 200, headers: {}, body: keys });

  test("is taken from its issuer, for this audience, while it is valid", async () => {
    assert.equal(await outcome(params, sent(await token()), { http }), "proved");
    const wrong = [
      token({ iss: "https://other.example" }),
      token({ aud: "another" }),
      token({ exp: NOW - 61 }),
      token({ exp: null }),
      token({}, other.privateKey),
      token({}, pair.privateKey, "k2"),
    ];
    for (const one of wrong)
      assert.equal(await outcome(params, sent(await one), { http }), "SLUICE_PROOF_REFUTED");
    assert.equal(await outcome(params, sent("no.token.atall"), { http }), "SLUICE_PROOF_REFUTED");
  });

  test("must carry the claims that are named", async () => {
    const claims = { repository: "a/b" };
    assert.equal(await outcome({ ...params, claims }, sent(await token()), { http }), "proved");
    const foreign = sent(await token({ repository: "a/c" }));
    assert.equal(await outcome({ ...params, claims }, foreign, { http }), "SLUICE_PROOF_REFUTED");
  });

  test("that is signed with a public key, or not at all, proves nothing", async () => {
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${(await token()).split(".")[1]}.`;
    assert.equal(await outcome(params, sent(none), { http }), "SLUICE_PROOF_REFUTED");
    const forged = await new SignJWT({ iss: params.issuer, aud: "sluice", exp: NOW + 60 })
      .setProtectedHeader({ alg: "HS256" })
      .sign(Buffer.from(keys));
    const stored = { type: "jwt", issuer: params.issuer, audience: "sluice", secretRef };
    assert.equal(await outcome(stored, sent(forged), { token: keys }), "SLUICE_PROOF_REFUTED");
    assert.equal(await outcome(stored, sent(await token()), { token: keys }), "proved");
    const symmetric = { ...stored, algorithms: ["HS256"] };
    assert.equal(await outcome(symmetric, sent(forged), { token: keys }), "proved");
  });

  test("whose keys cannot be had just now is neither proved nor refuted; they are asked for once", async () => {
    let asked = 0;
    const away: HttpClient = async ({ url }) => {
      asked++;
      throw fault("SLUICE_INTERCEPTOR_FAILED", { name: url, reason: "connection refused" });
    };
    const verifier = createVerifier(memorySecrets({}), { http: away });
    for (let i = 0; i < 3; i++) {
      const result = await verifier.begin(sent(await token())).check(demandOf(params));
      assert.ok(!result.ok && result.transient);
    }
    assert.equal(asked, 1);
  });

  test("of an unknown key makes the keys be asked for again, but not by every request", async () => {
    let asked = 0;
    const counting: HttpClient = async (request) => {
      asked++;
      return http(request);
    };
    const verifier = createVerifier(memorySecrets({}), { http: counting });
    const check = async (jwt: string, later = 0) => {
      const delivery = { ...sent(jwt), receivedAt: NOW * 1_000 + later };
      return (await verifier.begin(delivery).check(demandOf(params))).ok;
    };
    assert.equal(await check(await token()), true);
    for (let i = 0; i < 5; i++) assert.equal(await check(await token({}, other.privateKey, `x${i}`)), false);
    assert.equal(asked, 1);
    assert.equal(await check(await token({}, other.privateKey, "x"), 31_000), false);
    assert.equal(asked, 2);
  });
});

test("what would weaken a proof is refused when it is compiled, with the name of the parameter", () => {
  const hmac = { type: "hmac", secretRef, header: "X-Sig" };
  const jwt = { type: "jwt", issuer: "i", audience: "a" };
  const wrong: readonly (readonly [JsonObject, string])[] = [
    [{ secretRef }, "type"],
    [{ type: "rot13", secretRef }, "type"],
    [{ type: "header", secretRef }, "header"],
    [{ type: "bearer" }, "secretRef"],
    [{ type: "bearer", secretRef, header: "X" }, "header"],
    [{ type: "bearer", secretRef, isuer: "x" }, "isuer"],
    [{ ...hmac, algorithm: "md5" }, "algorithm"],
    [{ ...hmac, encoding: "base32" }, "encoding"],
    [{ ...hmac, template: "{timestamp}" }, "template"],
    [{ ...hmac, template: "{body}{body}" }, "template"],
    [{ ...hmac, template: "{X-Id}{body}" }, "template"],
    [{ ...hmac, template: "{timestamp}.{body}" }, "timestampHeader"],
    [{ ...hmac, timestampHeader: "X-Time" }, "timestampHeader"],
    [{ ...hmac, idHeader: "X-Id" }, "idHeader"],
    [{ ...hmac, template: "{timestamp}.{body}", timestampHeader: "T", tolerance: 100_000 }, "tolerance"],
    [jwt, "jwksUrl"],
    [{ ...jwt, jwksUrl: "http://issuer.example/keys" }, "jwksUrl"],
    [{ ...jwt, jwksUrl: "https://issuer.example/keys", secretRef }, "jwksUrl"],
    [{ ...jwt, audience: "", secretRef }, "audience"],
    [{ ...jwt, secretRef, algorithms: ["none"] }, "algorithms"],
    [{ ...jwt, secretRef, algorithms: [] }, "algorithms"],
    [{ ...jwt, secretRef, algorithms: ["HS256", "RS256"] }, "algorithms"],
    [{ ...jwt, jwksUrl: "https://issuer.example/keys", algorithms: ["HS256"] }, "algorithms"],
    [{ ...jwt, secretRef, claims: { sub: 1 } }, "claims"],
    [{ type: "mtls" }, "subject"],
    [{ type: "mtls", subject: "CN=a", san: "DNS:a" }, "san"],
  ];
  for (const [params, field] of wrong) {
    const isRight = (error: unknown) =>
      error instanceof SluiceError &&
      error.code === "SLUICE_INTERCEPTOR_PARAMS" &&
      error.values["field"] === field;
    assert.throws(() => proof.compile(params, offlineTools()), isRight, JSON.stringify(params));
  }
});
