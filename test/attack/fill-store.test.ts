/** An attacker without a secret fills a Redis with a limit: large bodies, then many small ones; proved deliveries go on. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { type Attacked, attacked } from "./gateway.ts";

/** A body that no compression makes smaller, as JSON. */
const bodyOf = (bytes: number): string => JSON.stringify({ ref: randomBytes(bytes / 2).toString("latin1") });

async function provedGoOn(world: Attacked, count = 40): Promise<void> {
  const body = JSON.stringify({ ref: "main", more: "x".repeat(20_000) });
  for (let i = 0; i < count; i++) {
    const { status, said } = await world.send("proof", body, { token: "s3cret" });
    assert.equal(status, 202, JSON.stringify(said));
  }
}

test("24 large bodies and 2,000 small ones to each listener leave a Redis of 64 MB open to proved deliveries", {
  timeout: 300_000,
}, async () => {
  await using world = await attacked("64mb");
  const body = bodyOf(4_000_000);
  const counts = new Map<string, number>();
  for (const to of ["picky", "open", "proof"]) {
    for (let i = 0; i < 24; i++) {
      const { status, retryAfter, said } = await world.send(to, body);
      const what = `${to} ${status} ${said.code ?? ""}`.trim();
      counts.set(what, (counts.get(what) ?? 0) + 1);
      if (status === 503) assert.ok(Number(retryAfter) > 0 && said.errorMessage !== undefined);
    }
    await provedGoOn(world, 5);
  }
  assert.equal(counts.get("picky 202"), 24, "what no trigger accepts leaves no body");
  assert.ok((counts.get("open 503 SLUICE_UNPROVED_ROOM") ?? 0) > 0, JSON.stringify([...counts]));
  assert.equal(counts.get("proof 401 SLUICE_UNVERIFIED"), 24);
  for (let i = 0; i < 2_000; i += 20) {
    const small = Array.from({ length: 20 }, () => world.send(i % 40 ? "open" : "picky", '{"ref":"x"}'));
    for (const { status } of await Promise.all(small)) assert.ok(status === 202 || status === 503);
  }
  await provedGoOn(world);
});

test("many at once find no gap between the question and the write", { timeout: 120_000 }, async () => {
  await using world = await attacked("64mb");
  const body = bodyOf(4_000_000);
  const answers = await Promise.all(Array.from({ length: 24 }, () => world.send("open", body)));
  assert.ok(answers.some(({ status }) => status === 503));
  await provedGoOn(world);
});

test("an unproved delivery that no trigger accepted is shown, and says why it has no body", async () => {
  await using world = await attacked("0", ["--admin-open", "loopback"]);
  const { said } = await world.send("picky", '{"ref":"x","pass":"hunter2"}');
  const api = `${world.gateway.admin}/api/v1/deliveries/${said.eventID}`;
  const record = (await (await fetch(api)).json()) as { digest: string; outcome: string };
  assert.equal(record.outcome, "filtered");
  assert.match(record.digest, /^[0-9a-f]{64}$/);
  for (const [method, path] of [
    ["GET", "payload"],
    ["POST", "replay"],
  ] as const) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${api}/${path}`, {
      method,
      headers,
      ...(method === "POST" && { body: "{}" }),
    });
    assert.equal(response.status, 410, path);
    assert.match(await response.text(), /SLUICE_BODY_NOT_KEPT.*nothing was proved/s, path);
  }
});

test("rate and bytes of a listener are limited by settings, for unproved deliveries alone", async () => {
  await using world = await attacked("0", ["--unproved-rate", "5", "--unproved-bytes", "1MB"]);
  const large = JSON.stringify({ ref: "x", more: randomBytes(480_000).toString("base64") });
  assert.equal((await world.send("open", large)).status, 202);
  assert.equal((await world.send("open", large)).said.code, "SLUICE_UNPROVED_BYTES");
  const answers = await Promise.all(Array.from({ length: 20 }, () => world.send("open", "{}")));
  const refused = answers.filter(({ said }) => said.code === "SLUICE_UNPROVED_RATE");
  assert.ok(refused.length > 0, "more than five at once");
  for (const { status, retryAfter } of refused) assert.ok(status === 503 && Number(retryAfter) > 0);
  assert.equal((await world.send("picky", "{}")).status, 202, "another listener has its own");
  await provedGoOn(world, 10);
});
