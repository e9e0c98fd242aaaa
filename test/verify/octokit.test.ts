/** GitHub's own package as the second opinion: what it signs is proved here, and what it refuses is refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { sign, verify } from "@octokit/webhooks-methods";
import { createVerifier } from "../../src/verify/verifier.ts";
import { deliveryOf, memorySecrets } from "../contracts/interceptor.ts";

const demand = { scheme: "github", secret: { namespace: "ci", name: "hook", key: "token" } };

test("bodies, secrets and signatures are judged as @octokit/webhooks-methods judges them", async () => {
  for (const token of ["s3cret", "pässwörd🔑", " "]) {
    const verifier = createVerifier(memorySecrets({ hook: { token } }));
    for (const body of ["{}", '{"a":"é🎉"}', " ", "x".repeat(100_000)]) {
      const right = await sign(token, body);
      for (const signature of [
        right,
        right.replace(/.$/, (end) => (end === "0" ? "1" : "0")),
        await sign("other", body),
      ]) {
        const delivery = deliveryOf({ "X-Hub-Signature-256": signature }, body);
        const { ok } = await verifier.begin(delivery).check(demand);
        assert.equal(ok, await verify(token, body, signature));
      }
    }
  }
});
