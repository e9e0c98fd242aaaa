/** Whoever reads the store reads no body of a gateway with --encrypt-bodies. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis } from "ioredis";
import { attacked } from "./gateway.ts";

const MARK = "marker-that-stands-in-the-body-alone";
const BODY = JSON.stringify({ ref: "refs/heads/main", note: MARK.repeat(20) });

/** The body of the only delivery, as the store holds it. */
async function storedBody(url: string): Promise<Buffer> {
  const redis = new Redis(url);
  try {
    const [key = "", ...others] = await redis.keys("{sluice}:delivery:*");
    assert.deepEqual(others, []);
    return (await redis.hgetBuffer(key, "body")) ?? Buffer.alloc(0);
  } finally {
    redis.disconnect();
  }
}

/** The first byte of an encrypted body (src/storage/ledger/sealed.ts). */
const ENCRYPTED = 3;

test("a body is only compressed without the setting", async () => {
  await using setup = await attacked("0");
  assert.equal((await setup.send("proof", BODY, { token: "s3cret" })).status, 202);
  assert.notEqual((await storedBody(setup.redis))[0], ENCRYPTED);
});

test("with it the store holds no word of a body, and a replay decides by it all the same", async () => {
  await using setup = await attacked("0", ["--encrypt-bodies", "--admin-token", "x".repeat(24)]);
  const { status, said } = await setup.send("proof", BODY, { token: "s3cret" });
  assert.equal(status, 202);
  const body = await storedBody(setup.redis);
  assert.equal(body[0], ENCRYPTED);
  assert.ok(!body.includes("marker"));
  const ask = (path: string, method = "GET") =>
    fetch(`${setup.gateway.admin}/api/v1/deliveries/${said.eventID}/${path}`, {
      method,
      headers: { authorization: `Bearer ${"x".repeat(24)}`, "content-type": "application/json" },
      ...(method === "POST" && { body: "{}" }),
    });
  assert.equal(((await (await ask("payload")).json()) as { body: string }).body, BODY);
  assert.equal((await ask("replay", "POST")).status, 201);
});
