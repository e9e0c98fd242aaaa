/** What every built-in interceptor with a proof must do: one suite, called by each one's test. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Delivery, Event } from "../../src/core/delivery.ts";
import { payload } from "../../src/core/delivery.ts";
import { SluiceError } from "../../src/core/errors.ts";
import { headersFromPairs } from "../../src/core/headers.ts";
import type { Interceptor, InterceptorTools } from "../../src/core/interceptor.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { Secrets } from "../../src/core/secrets.ts";
import { runChain } from "../../src/decide/intercept/chain.ts";
import type { Proof } from "../../src/verify/verifier.ts";
import { createVerifier } from "../../src/verify/verifier.ts";

export interface InterceptorSubject {
  readonly interceptor: Interceptor;
  /** Parameters that demand a proof with Secret `hook`, key `token`, and let {@link body} pass. */
  readonly params: JsonObject;
  readonly body: string;
  /** The headers with which the provider would send this body, given the secret. */
  sign(body: string, secret: string): Readonly<Record<string, string>>;
  /** The header that carries the proof. */
  readonly proofHeader: string;
  /** False where the proof is a plain token, which says nothing about the body. */
  readonly coversBody: boolean;
  /** True where a misspelt parameter could take a proof away. */
  readonly refusesUnknown?: boolean;
}

const NAMESPACE = "ci";
const NOW = 1_780_000_000_000;
const HOSTILE = [
  "",
  "null",
  "[]",
  '"text"',
  "{",
  "\u0000",
  '{"__proto__":{"polluted":true},"constructor":1}',
  `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
  '{"number":1e999,"repository":{"full_name":"../.."}}',
  '{"action":null,"repository":null,"commits":[null],"sender":[],"comment":{"body":{}}}',
];

/** Secrets held in memory: name → key → text, all in namespace `ci`. */
export function memorySecrets(data: Readonly<Record<string, Readonly<Record<string, string>>>>): Secrets {
  const find = (namespace: string, name: string) => {
    const keys = namespace === NAMESPACE ? data[name] : undefined;
    return keys ? new Map(Object.entries(keys).map(([key, text]) => [key, Buffer.from(text)])) : null;
  };
  return { peek: find, read: async (namespace, name) => find(namespace, name) };
}

/** A delivery of namespace `ci`. */
export function deliveryOf(headers: Readonly<Record<string, string>>, body: string | Buffer): Delivery {
  return {
    id: "0198a000-0000-7000-8000-000000000000",
    listener: { namespace: NAMESPACE, name: "listener" },
    receivedAt: NOW,
    method: "POST",
    url: "/",
    headers: headersFromPairs(Object.entries(headers).flat()),
    body: Buffer.from(body),
  };
}

/** The event that trigger `t` of namespace `ci` sees of a delivery. */
export function eventOf(delivery: Delivery): Event {
  const { id, url, headers, body } = delivery;
  const trigger = { namespace: NAMESPACE, name: "t" };
  return { id, trigger, url, headers, payload: payload(body.toString()), extensions: {} };
}

/** Tools without a way out. */
export function offlineTools(secrets: Secrets = memorySecrets({})): InterceptorTools {
  return { namespace: NAMESPACE, secrets };
}

export function interceptorContract(subject: InterceptorSubject): void {
  const { interceptor, params, body, proofHeader, sign } = subject;
  const secrets = memorySecrets({ hook: { token: "new", "token.old": "old", empty: "" } });
  const compiled = interceptor.compile(params, offlineTools(secrets));
  const [demand] = compiled.proofs ?? [];

  async function prove(headers: Readonly<Record<string, string>>, sent = body): Promise<Proof> {
    assert.ok(demand, "the parameters demand no proof");
    return createVerifier(secrets).begin(deliveryOf(headers, sent)).check(demand);
  }

  test(`${interceptor.name}: a delivery signed with the secret, or with the one it replaces, is proved and passes`, async () => {
    for (const secret of ["new", "old"]) {
      const headers = sign(body, secret);
      assert.equal((await prove(headers)).ok, true);
      const result = await runChain(
        [{ name: interceptor.name, interceptor: compiled }],
        eventOf(deliveryOf(headers, body)),
      );
      assert.equal(result.stopped, undefined);
    }
  });

  test(`${interceptor.name}: a wrong secret and a tampered body are refused, and the reason names no secret`, async () => {
    const wrong = await prove(sign(body, "stolen"));
    assert.ok(!wrong.ok);
    assert.equal(wrong.code, "SLUICE_SIGNATURE_WRONG");
    assert.match(wrong.reason, /ci\/hook/);
    assert.doesNotMatch(wrong.reason, /\b(new|old|stolen)\b(?! secret)/);
    const tampered = await prove(sign(body, "new"), `${body} `);
    assert.equal(tampered.ok, !subject.coversBody);
  });

  test(`${interceptor.name}: without ${proofHeader}, or with an empty one, nothing is computed and the fix is told`, async () => {
    const { [proofHeader]: _proof, ...rest } = sign(body, "new");
    for (const headers of [rest, { ...rest, [proofHeader]: "" }]) {
      const proof = await prove(headers);
      assert.ok(!proof.ok);
      assert.equal(proof.code, "SLUICE_SIGNATURE_MISSING");
      assert.match(proof.reason, new RegExp(proofHeader, "i"));
    }
  });

  test(`${interceptor.name}: an empty secret verifies nothing`, async () => {
    assert.ok(demand?.secret);
    const proof = await createVerifier(secrets)
      .begin(deliveryOf(sign(body, ""), body))
      .check({ ...demand, secret: { ...demand.secret, key: "empty" } });
    // An empty token is a missing one; every other proof under an empty secret fails for the secret's sake.
    const wanted = subject.coversBody ? "SLUICE_SECRET_MISSING" : "SLUICE_SIGNATURE_MISSING";
    assert.equal(proof.ok ? "proved" : proof.code, wanted);
  });

  test(`${interceptor.name}: parameters match without regard to case, and unknown ones are ignored, or refused where they could weaken a proof`, () => {
    const shouted = Object.fromEntries(
      Object.entries(params).map(([key, value]) => [key.toUpperCase(), value]),
    );
    const unknown = { ...shouted, unknownThing: 1 };
    if (subject.refusesUnknown) {
      assert.throws(() => interceptor.compile(unknown, offlineTools(secrets)), /unknownThing/);
    }
    const again = interceptor.compile(subject.refusesUnknown ? shouted : unknown, offlineTools(secrets));
    assert.deepEqual(again.proofs, compiled.proofs);
  });

  test(`${interceptor.name}: a parameter of the wrong type is refused when it is compiled, with its name`, () => {
    for (const key of Object.keys(params)) {
      assert.throws(
        () => interceptor.compile({ ...params, [key]: 5 }, offlineTools(secrets)),
        (error) =>
          error instanceof SluiceError &&
          error.code === "SLUICE_INTERCEPTOR_PARAMS" &&
          error.values["field"] === key,
      );
    }
  });

  test(`${interceptor.name}: hostile payloads end in a verdict, never in a defect`, async () => {
    for (const text of HOSTILE) {
      const event = eventOf(deliveryOf(sign(body, "new"), text));
      const result = await runChain([{ name: interceptor.name, interceptor: compiled }], event);
      assert.equal(result.stopped?.fault, undefined, text.slice(0, 60));
    }
    assert.equal(Reflect.get({}, "polluted"), undefined);
  });
}
