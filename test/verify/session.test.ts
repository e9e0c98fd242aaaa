/** Proofs of a body while it arrives: in any pieces, under many secrets, up to what one delivery may cost. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import type { Delivery } from "../../src/core/delivery.ts";
import type { ProofDemand } from "../../src/core/interceptor.ts";
import type { Secrets } from "../../src/core/secrets.ts";
import { createVerifier } from "../../src/verify/verifier.ts";
import { deliveryOf } from "../contracts/interceptor.ts";

const demandFor = (name: string): ProofDemand => ({
  scheme: "github",
  secret: { namespace: "ci", name, key: "token" },
});
/** Each Secret's value is its name. */
const byName: Secrets = {
  peek: (_namespace, name) => new Map([["token", Buffer.from(name)]]),
  read: async (_namespace, name) => new Map([["token", Buffer.from(name)]]),
};
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `s${i}`);

function signed(body: Buffer, secret: string, more: Record<string, string> = {}): Delivery {
  const hex = createHmac("sha256", secret).update(body).digest("hex");
  return deliveryOf({ "X-Hub-Signature-256": `sha256=${hex}`, ...more }, body);
}

/** `true`, or the code of each demand's failure. */
async function arrive(
  verifier: ReturnType<typeof createVerifier>,
  delivery: Delivery,
  demands: readonly ProofDemand[],
  chunk = 65_536,
): Promise<readonly (true | string)[]> {
  const open = verifier.open(delivery, demands, "ci/git", delivery.receivedAt);
  for (let at = 0; at < delivery.body.length; at += chunk)
    open.update(delivery.body.subarray(at, at + chunk));
  const proofs = open.finish(delivery);
  const results = await Promise.all(demands.map((demand) => proofs.check(demand)));
  return results.map((result) => result.ok || result.code);
}

test("a body proves the same in any pieces, with a length that was announced, with none and with a wrong one", async () => {
  const body = Buffer.from(JSON.stringify({ text: "é🎉".repeat(5_000) }));
  const demands = [demandFor("a"), demandFor("b")];
  for (const chunk of [1_000, 65_536, 1e9]) {
    for (const length of [String(body.length), "", "10", "99999999999999", "x"]) {
      const delivery = signed(body, "b", length === "" ? {} : { "Content-Length": length });
      const wanted = ["SLUICE_SIGNATURE_WRONG", true];
      assert.deepEqual(
        await arrive(createVerifier(byName), delivery, demands, chunk),
        wanted,
        `${chunk} ${length}`,
      );
    }
  }
});

test("the last of five hundred secrets proves a usual body", async () => {
  const demands = names(500).map(demandFor);
  const results = await arrive(createVerifier(byName), signed(Buffer.alloc(20_000, 32), "s499"), demands);
  assert.deepEqual([results.at(-1), results.filter((result) => result === true).length], [true, 1]);
});

test("a Secret that has to be read first proves too", async () => {
  const unread: Secrets = { ...byName, peek: () => undefined };
  const delivery = signed(Buffer.from("{}"), "a");
  assert.deepEqual(await arrive(createVerifier(unread), delivery, [demandFor("a")]), [true]);
});

test("what is left out for want of budget is told apart from what is wrong, announced or not", async () => {
  const body = Buffer.alloc(20_000_000, 32);
  const demands = names(20).map(demandFor);
  for (const more of [{ "Content-Length": String(body.length) }, {}]) {
    const results = await arrive(
      createVerifier(byName),
      signed(body, "s19", more as Record<string, string>),
      demands,
    );
    assert.equal(results[0], "SLUICE_SIGNATURE_WRONG");
    assert.equal(results.at(-1), "SLUICE_PROOF_BUDGET");
  }
});

test("the secret that proved a hook last is tried first for it, and for no other", async () => {
  const verifier = createVerifier(byName);
  const demands = names(20).map(demandFor);
  const large = Buffer.alloc(20_000_000, 32);
  const send = async (body: Buffer, hook: string) => {
    const length = { "Content-Length": String(body.length) };
    const delivery = signed(body, "s19", { "X-GitHub-Hook-ID": hook, ...length });
    return (await arrive(verifier, delivery, demands)).at(-1);
  };
  assert.equal(await send(large, "1"), "SLUICE_PROOF_BUDGET");
  assert.equal(await send(Buffer.from("{}"), "1"), true);
  assert.equal(await send(large, "1"), true);
  assert.equal(await send(large, "2"), "SLUICE_PROOF_BUDGET");
});

test("the event loop gets its turn while many secrets are tried", async () => {
  let turns = 0;
  const count = () => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  const delivery = signed(Buffer.alloc(1_000_000, 32), "none");
  await arrive(createVerifier(byName), delivery, names(100).map(demandFor));
  clearImmediate(timer);
  assert.ok(turns > 30, `${turns} turns`);
});
