/** The interceptor `proof` against a real gateway: what is missing, wrong, stale or empty is 401, and nothing is stored. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { interceptor, listener, secret, trigger, type Written } from "../helpers/objects.ts";
import { attacked } from "./gateway.ts";

const SECRET = "a-value-of-thirty-two-characters";
const BODY = '{"ref":"refs/heads/main"}';
const secretRef = { secretName: "hook", secretKey: "token" };
const proving = (name: string, params: Written) =>
  listener(name, [trigger("build", [interceptor("proof", params)])]);

const objects = [
  secret("hook", SECRET),
  proving("header", { type: "header", header: "X-Key", secretRef }),
  proving("bearer", { type: "bearer", secretRef }),
  proving("hmac", {
    ...{ type: "hmac", header: "X-Signature", prefix: "v0=", secretRef },
    ...{ template: "{timestamp}.{body}", timestampHeader: "X-Timestamp", tolerance: 300 },
  }),
  proving("token", { type: "path-token", secretRef }),
];

const now = () => Math.floor(Date.now() / 1_000);
const mac = (time: number) => createHmac("sha256", SECRET).update(`${time}.${BODY}`).digest("hex");
const stamped = (time: number, signature: string) => ({
  "x-timestamp": String(time),
  "x-signature": signature,
});
const TOKEN = createHmac("sha256", SECRET).update("ci/hook/token").digest("hex");

/** Where to, with which headers, and what comes back. */
type Try = readonly [to: string, headers: Readonly<Record<string, string>>, status: 202 | 401];

const TRIES: readonly Try[] = [
  ["header", {}, 401],
  ["header", { "x-key": "" }, 401],
  ["header", { "x-key": "***" }, 401],
  ["header", { "x-key": `${SECRET}x` }, 401],
  ["header", { "x-key": SECRET }, 202],
  ["bearer", { authorization: SECRET }, 401],
  ["bearer", { authorization: `Basic ${SECRET}` }, 401],
  ["bearer", { authorization: "Bearer" }, 401],
  ["bearer", { authorization: `Bearer ${SECRET}` }, 202],
  ["hmac", stamped(now(), mac(now())), 401],
  ["hmac", stamped(now() - 3_600, `v0=${mac(now() - 3_600)}`), 401],
  ["hmac", { "x-signature": `v0=${mac(now())}` }, 401],
  ["hmac", stamped(now() + 1, `v0=${mac(now())}`), 401],
  ["hmac", stamped(now(), `v0=${mac(now())}`), 202],
  ["token", {}, 401],
  [`token/${TOKEN.replace(/./, (first) => (first === "0" ? "1" : "0"))}`, {}, 401],
  [`token/${SECRET}`, {}, 401],
  [`token/${TOKEN}`, {}, 202],
];

test("only what was declared proves a sender, and what proves it is not kept", async () => {
  await using setup = await attacked("0", [], objects);
  for (const [to, headers, expected] of TRIES) {
    const { status, said } = await setup.send(to, BODY, { headers });
    assert.equal(status, expected, `${to} ${JSON.stringify(headers)}: ${JSON.stringify(said)}`);
    if (status !== 202) continue;
    const show = await fetch(`${setup.gateway.admin}/api/v1/deliveries/${said.eventID}`);
    const shown = await show.text();
    assert.ok(![SECRET, TOKEN, mac(now())].some((value) => shown.includes(value)), shown);
  }
  const proved = TRIES.filter(([, , status]) => status === 202).length;
  assert.equal((await setup.gateway.audit()).accepted, proved);
});
