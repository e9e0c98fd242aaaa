/** Senders without a proof, against a real gateway: refused before they cost, keep or claim anything. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { yamlOf } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { cel, github, interceptor, listener, secret, signature, trigger } from "../helpers/objects.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";

const MANY = 200;
const SIGNING = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
const BODY = '{"ref":"refs/heads/main"}';

const many = Array.from({ length: MANY }, (_, i) => `hook-${i}`);
const objects = [
  secret("hook", "s3cret"),
  secret("signing", SIGNING),
  listener("cel", [
    trigger(
      "build",
      [cel("header.canonical('X-Hook-Key').compareSecret('token', 'hook') && body.ref != ''")],
      {
        bindings: [
          { name: "ref", value: "$(body.ref)" },
          { name: "key", value: "$(header.X-Hook-Key)" },
        ],
      },
    ),
  ]),
  listener("git", [trigger("build", [github()])]),
  listener(
    "many",
    many.map((name) => trigger(name, [github(name)])),
  ),
  listener("signed", [
    trigger("build", [interceptor("gitlab", { secretRef: { secretName: "signing", secretKey: "token" } })]),
  ]),
  ...many.map((name) => secret(name, `value of ${name}`)),
];

const TOKEN = "an-example-0123456789abcdef";
/** Once a token is named, looking wants it. */
const authorization = `Bearer ${TOKEN}`;

let redis: RedisServer;
let gateway: GatewayProcess;
const folder = temporaryFolder("sluice-attack-");

before(async () => {
  redis = await startRedis();
  const file = join(folder.path, "objects.yaml");
  writeFileSync(file, yamlOf(objects));
  const runs = `directory:${join(folder.path, "runs")}`;
  const token = ["--admin-token", TOKEN];
  gateway = await startGateway(["--config", file, "--store", redis.url, "--create", runs, ...token]);
});

after(async () => {
  await gateway.stop();
  await redis[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string; readonly eventID?: string };
}

async function send(
  to: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(`${gateway.url}/ci/${to}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}

const accepted = async (): Promise<number> => {
  const response = await fetch(`${gateway.admin}/api/v1/audit`, { headers: { authorization } });
  return ((await response.json()) as { accepted: number }).accepted;
};

interface Delivery {
  readonly proof: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

async function deliveryOf(id: string | undefined): Promise<Delivery> {
  const response = await fetch(`${gateway.admin}/api/v1/deliveries/${id}`, { headers: { authorization } });
  return (await response.json()) as Delivery;
}

test("a wrong or missing value of a header that a filter compares with a Secret is 401, and nothing is stored", async () => {
  const before = await accepted();
  for (const headers of [{}, { "x-hook-key": "guess" }, { "x-hook-key": "" }, { "x-hook-key": "***" }]) {
    const { status, body } = await send("cel", BODY, headers);
    assert.deepEqual([status, body.code], [401, "SLUICE_UNVERIFIED"]);
  }
  assert.equal(await accepted(), before);
  const { status, body } = await send("cel", BODY, { "x-hook-key": "s3cret" });
  assert.equal(status, 202);
  const { proof, headers } = await deliveryOf(body.eventID);
  assert.equal(proof, "cel-header(ci/hook/token/X-Hook-Key)");
  // Its name says nothing of a secret; a proof reads it.
  assert.deepEqual(headers["X-Hook-Key"], ["***"]);
  const shown = await fetch(`${gateway.admin}/api/v1/deliveries/${body.eventID}?values=true`, {
    headers: { authorization },
  });
  assert.equal(shown.status, 200);
  assert.doesNotMatch(
    await shown.text(),
    /s3cret/,
    "a param that a binding took from the header is masked in the trace",
  );
});

test("without the proof's header a body is refused that never comes", async () => {
  for (const path of ["git", "cel", "many"]) {
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    socket.write(`POST /ci/${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n{`);
    const [first] = (await once(socket, "data")) as [Buffer];
    assert.match(first.toString(), /^HTTP\/1\.1 401 /);
    socket.destroy();
  }
});

test("a large body under a wrong signature costs no more for two hundred secrets than one delivery may", async () => {
  const before = await accepted();
  const body = Buffer.alloc(20_000_000, 32);
  body.write(BODY);
  const wrong = `sha256=${createHmac("sha256", "guess").update(body).digest("hex")}`;
  const attack = send("many", body, { "x-github-event": "push", "x-hub-signature-256": wrong });
  const health = await fetch(`${gateway.admin}/healthz`);
  assert.equal(health.status, 200);
  const { status, body: answer } = await attack;
  assert.deepEqual([status, answer.code], [413, "SLUICE_PROOF_BUDGET"]);
  const small = await send("many", BODY, { "x-hub-signature-256": signature("guess", BODY) });
  assert.deepEqual([small.status, small.body.code], [401, "SLUICE_UNVERIFIED"]);
  assert.equal(await accepted(), before);
});

test("the last of two hundred secrets proves a body of a megabyte, and of twenty where it proved that hook before", async () => {
  const last = `value of hook-${MANY - 1}`;
  const sendSigned = (size: number, hook: string) => {
    const body = Buffer.alloc(size, 32);
    body.write(BODY);
    const headers = {
      "x-github-event": "push",
      "x-github-hook-id": hook,
      "x-github-delivery": crypto.randomUUID(),
    };
    return send("many", body, { ...headers, "x-hub-signature-256": signature(last, body.toString()) });
  };
  assert.equal((await sendSigned(1_000_000, "1")).status, 202);
  assert.equal((await sendSigned(20_000_000, "2")).status, 413);
  assert.equal((await sendSigned(20_000_000, "1")).status, 202);
});

test("of two ids the signed one tells duplicates, not one that stands unsigned beside it", async () => {
  const time = String(Math.floor(Date.now() / 1_000));
  const key = Buffer.from(SIGNING.slice("whsec_".length), "base64");
  const sendSigned = (id: string, beside: string) =>
    send("signed", BODY, {
      "x-gitlab-event": "Push Hook",
      "idempotency-key": beside,
      "webhook-id": id,
      "webhook-timestamp": time,
      "webhook-signature": `v1,${createHmac("sha256", key).update(`${id}.${time}.${BODY}`).digest("base64")}`,
    });
  const first = await sendSigned("msg_1", "a");
  const replayed = await sendSigned("msg_1", "b");
  const other = await sendSigned("msg_2", "a");
  assert.deepEqual([first.status, replayed.status, other.status], [202, 202, 202]);
  assert.equal(replayed.body.eventID, first.body.eventID, "the same message");
  assert.notEqual(other.body.eventID, first.body.eventID, "another message");
  assert.equal((await send("signed", BODY, { "x-gitlab-token": SIGNING })).status, 401);
});
