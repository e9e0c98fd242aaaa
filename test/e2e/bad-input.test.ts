/** Bad input against a real gateway on a real Redis: a clear answer each time, and nothing accepted. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { sign } from "@octokit/webhooks-methods";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { pullRequest } from "../helpers/load.ts";
import { peakRssMiB, ROOT } from "../helpers/process.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";

const SECRET = "an example, not a secret";
const body = pullRequest();
const opened = new AsyncDisposableStack();
const folder = opened.use(temporaryFolder("sluice-bad-"));
const listenerFile = join(folder.path, "listener.yaml");
const quickstart = readFileSync(join(ROOT, "examples/quickstart/listener.yaml"), "utf8");
let redis: RedisServer;
let gateway: GatewayProcess;

before(async () => {
  const secretFile = join(folder.path, "secret.yaml");
  writeFileSync(listenerFile, quickstart);
  writeFileSync(secretFile, readFileSync(join(ROOT, "examples/quickstart/secret.yaml")));
  redis = opened.use(await startRedis({ appendfsync: "always" }));
  const where = ["--store", redis.url, "--create", `directory:${join(folder.path, "runs")}`];
  gateway = await startGateway(["--config", listenerFile, "--config", secretFile, ...where]);
  opened.defer(() => gateway.stop());
});
after(() => opened.disposeAsync());

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly fix: string;
}

async function post(
  headers: Record<string, string>,
  content: string = body,
  path = "/default/github",
): Promise<Answer> {
  const response = await fetch(`${gateway.url}${path}`, { method: "POST", headers, body: content });
  const answer = (await response.json()) as { code?: string; errorMessage?: string; fix?: string };
  const { code = "", errorMessage: message = "", fix = "" } = answer;
  return { status: response.status, code, message, fix };
}

/** The log of the gateway from now on, until it holds a text. */
function logged(text: string): Promise<string> {
  const { stdout } = gateway.child;
  assert.ok(stdout);
  const { promise, resolve } = Promise.withResolvers<string>();
  let said = "";
  const hear = (chunk: Buffer): void => {
    said += String(chunk);
    if (said.includes(text)) resolve(said);
  };
  stdout.on("data", hear);
  return promise.finally(() => stdout.off("data", hear));
}

const github = { "content-type": "application/json", "x-github-event": "pull_request" };
const signed = async (content = body, secret = SECRET) => ({
  ...github,
  "x-github-delivery": crypto.randomUUID(),
  "x-hub-signature-256": await sign(secret, content),
});

describe("what is refused leaves no trace in the ledger", () => {
  test("a missing signature: 401 that names the header; the Secret stands in the log alone", async () => {
    const inTheLog = logged("Secret default/github-webhook");
    const answer = await post(github);
    assert.deepEqual([answer.status, answer.code], [401, "SLUICE_UNVERIFIED"]);
    assert.match(answer.message, /X-Hub-Signature-256 is missing/);
    assert.doesNotMatch(JSON.stringify(answer), /github-webhook|an example, not a secret/);
    assert.match(await inTheLog, /SLUICE_UNVERIFIED/);
  });

  test("a wrong signature: 401", async () => {
    const answer = await post(await signed(body, "another secret"));
    assert.deepEqual([answer.status, answer.code], [401, "SLUICE_UNVERIFIED"]);
    assert.match(answer.message, /does not match/);
  });

  test("a body that was changed on the way: 401", async () => {
    const answer = await post(await signed(), body.replace("opened", "closed"));
    assert.equal(answer.status, 401);
  });

  test("a signed body that is no JSON: 400 that says where it breaks", async () => {
    const broken = '{"action": "opened",';
    const answer = await post(await signed(broken), broken);
    assert.deepEqual([answer.status, answer.code], [400, "SLUICE_BODY_NOT_JSON"]);
    assert.match(answer.message, /unexpected end/);
  });

  test("an unknown listener: 404 that says how to address one, and names none", async () => {
    const answer = await post(await signed(), body, "/default/nobody");
    assert.deepEqual([answer.status, answer.code], [404, "SLUICE_LISTENER_UNKNOWN"]);
    assert.match(answer.fix, /\/<namespace>\/<listener>/);
    assert.doesNotMatch(JSON.stringify(answer), /default\/github/);
  });

  test("26 MB: 401 without anything that could prove them; else 413, announced or chunked, without keeping them", async () => {
    const before = peakRssMiB(gateway.pid);
    assert.equal(await streamed({ "content-length": String(26 * 2 ** 20), "x-hub-signature-256": "" }), 401);
    assert.equal(await streamed({ "content-length": String(26 * 2 ** 20) }), 413);
    for (let i = 0; i < 4; i++) assert.equal(await streamed({ "transfer-encoding": "chunked" }), 413);
    // Five bodies of 26 MB kept would be 130 MB.
    assert.ok(peakRssMiB(gateway.pid) - before < 110, `${before} → ${peakRssMiB(gateway.pid)} MiB`);
  });

  test("after all this the ledger is empty", async () => {
    assert.equal((await gateway.audit()).accepted, 0);
  });
});

test("a broken listener answers 503, a broken trigger takes out itself, and /readyz says what is wrong and where", async () => {
  writeFileSync(listenerFile, quickstart.replace("bindings:", "bindingz:"));
  const broken = await eventually(readyz, (state) => state.degraded.includes("catalog"));
  assert.equal(broken.ready, true);
  const [place] = broken.checks.find((check) => check.name === "catalog")?.faults ?? [];
  assert.match(place?.at ?? "", /listener\.yaml:\d+$/);
  assert.match(place?.message ?? "", /bindingz/);
  const refused = await post(await signed());
  assert.deepEqual([refused.status, refused.code], [503, "SLUICE_LISTENER_BROKEN"]);
  writeFileSync(listenerFile, quickstart.replace("body.action in", "body.action inn"));
  await eventually(readyz, (state) => JSON.stringify(state).includes("SLUICE_CEL_SYNTAX"));
  writeFileSync(listenerFile, quickstart);
  await eventually(readyz, (state) => state.degraded.length === 0);
});

test("Redis away: 503 with Retry-After and nothing accepted; back again: 202 without a restart", async () => {
  const before = await eventually(
    () => gateway.audit(),
    (audit) => audit.pending === 0,
  );
  await redis.stop();
  const started = Date.now();
  const response = await fetch(`${gateway.url}/default/github`, {
    method: "POST",
    headers: await signed(),
    body,
  });
  assert.equal(response.status, 503);
  assert.ok(Number(response.headers.get("retry-after")) > 0);
  assert.ok(Date.now() - started < 5_000, "the sender is not kept waiting");
  assert.equal(((await response.json()) as { code: string }).code, "SLUICE_STORE_AWAY");
  await eventually(readyz, (state) => !state.ready);
  await redis.restart();
  await eventually(readyz, (state) => state.ready);
  const again = await eventually(
    async () => post(await signed()),
    (answer) => answer.status === 202,
  );
  assert.equal(again.status, 202);
  const audit = await eventually(
    () => gateway.audit(),
    (found) => found.pending === 0,
  );
  assert.deepEqual(audit.violations, []);
  assert.equal(audit.accepted, before.accepted + 1, "what was answered 503 was not accepted");
});

interface Readyz {
  readonly ready: boolean;
  readonly degraded: readonly string[];
  readonly checks: readonly {
    readonly name: string;
    readonly faults?: readonly { readonly at?: string; readonly message: string }[];
  }[];
}

async function readyz(): Promise<Readyz> {
  return (await (await fetch(`${gateway.admin}/readyz`)).json()) as Readyz;
}

/** Sends 26 MB in pieces, as far as the gateway lets it. */
/** A signature that could be right, for all that the head tells. */
const CLAIM = `sha256=${"0".repeat(64)}`;

function streamed(headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    let status = 0;
    const outgoing = request(
      `${gateway.url}/default/github`,
      { method: "POST", headers: { "x-hub-signature-256": CLAIM, ...headers }, agent: false },
      (response) => {
        status = response.statusCode ?? 0;
        response.resume().on("end", () => outgoing.destroy());
      },
    );
    outgoing.on("close", () => (status === 0 ? reject(new Error("no answer")) : resolve(status)));
    outgoing.on("error", () => undefined);
    const chunk = Buffer.alloc(2 ** 20, 0x20);
    let left = 26;
    const write = (): void => {
      if (left-- === 0) return void outgoing.end();
      outgoing.write(chunk, () => !outgoing.destroyed && write());
    };
    write();
  });
}
