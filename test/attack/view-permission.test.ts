/** A token that may only view, against deliveries that hold a marker wherever an event can: it never comes out. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { yamlOf } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import {
  type ApiServerProcess,
  eventually,
  type GatewayProcess,
  startApiServerProcess,
  startGateway,
} from "../helpers/gateway.ts";
import { cel, interceptor, listener, OPEN, remote, template, trigger } from "../helpers/objects.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";

const MARK = "zqMARKERqz";
const NUMBER = 48_151_623;
const TOKENS = {
  viewer: "viewer-token-0123456789",
  reader: "reader-token-0123456789",
  boss: "boss-token-0123456789",
} as const;
type Who = keyof typeof TOKENS;

/** A push whose facts are public and whose every other field is not. */
const EVENT = {
  repository: { full_name: "octo/hello", description: MARK, [MARK]: MARK },
  ref: "refs/heads/main",
  after: "0123456789abcdef0123456789abcdef01234567",
  sender: { login: "ann", email: MARK },
  secret: MARK,
  paths: `${MARK}/b/c`,
  n: NUMBER,
  list: [1, { deep: [MARK] }],
  [MARK]: { [MARK]: MARK },
};

const folder = temporaryFolder();
let redis: RedisServer;
let cluster: ApiServerProcess;
let gateway: GatewayProcess;
const ids: string[] = [];
let logged = "";

/** Says no in the sender's own words: once as its verdict, once as a status. */
const echo = createServer(async (request, response) => {
  const body = await text(request);
  const said = { continue: false, status: { code: 9, message: `no: ${body.slice(0, 4_000)}` } };
  if (request.url === "/verdict") response.setHeader("content-type", "application/json");
  else response.statusCode = 400;
  response.end(request.url === "/verdict" ? JSON.stringify(said) : body);
});

function bound(name: string, value: string, interceptors = [cel("true")]) {
  return { ...trigger(name, interceptors), bindings: [{ name: "ref", value }] };
}

function objects(url: string) {
  const ask = (name: string) => ({ ...interceptor(name, {}), name: `asks ${name}` });
  const oddVersion = {
    spec: {
      params: [{ name: "ref" }],
      resourcetemplates: [
        { apiVersion: "$(tt.params.ref)", kind: "Odd", metadata: { generateName: "odd-" } },
      ],
    },
  };
  return [
    remote("verdict", `${url}/verdict`),
    remote("status", `${url}/status`),
    listener(
      "git",
      [
        bound("refused", "$(body.secret) $(header.X-Odd)"),
        bound("filtered", "$(body.ref)", [cel("body.secret == 'other'")]),
        bound("failing", "$(body.ref)", [cel("body.list[int(body.n)] == 1")]),
        bound("cut", "$(body.ref)", [cel("body.secret.substring(int(body.n)) == 'x'")]),
        bound("formatted", "$(body.ref)", [cel("body.secret.format([body.n]) == '%' + body.secret")]),
        bound("verdict", "$(body.ref)", [ask("verdict")]),
        bound("status", "$(body.ref)", [ask("status")]),
        { ...bound("odd", "$(body.paths)"), template: oddVersion },
        { ...bound("missing", "$(body.absent)"), template: template("missing") },
      ],
      OPEN,
    ),
  ];
}

async function ask(path: string, who?: Who, body?: object) {
  const response = await fetch(`${gateway.admin}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...(who !== undefined && { authorization: `Bearer ${TOKENS[who]}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

const holds = (text: string): boolean => text.includes(MARK) || text.includes(String(NUMBER));

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

/** `path` of every GET of the document, with an id where it takes one, and the names of its query. */
async function everyGet(): Promise<readonly { readonly path: string; readonly takes: readonly string[] }[]> {
  const document = JSON.parse((await ask("/api/v1/openapi.json")).text) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const batches = new Map<string, readonly string[]>();
  for (const path of ["/api/v1/replays", "/api/v1/retries", "/api/v1/drops"]) {
    const made = JSON.parse((await ask(path, "boss", { filter: {}, dryRun: true })).text) as { id: string };
    const one = `${path}/${made.id}`;
    const ended = ({ text }: { readonly text: string }) => JSON.parse(text).endedAt !== undefined;
    await eventually(() => ask(one, "viewer"), ended);
    batches.set(path, [made.id]);
  }
  return Object.entries(document.paths).flatMap(([path, { get }]) => {
    if (get === undefined) return [];
    const takes = (get.parameters ?? []).filter((one) => one.in === "query").map(({ name }) => name);
    const filled = path.includes("{id}") ? (batches.get(path.replace("/{id}", "")) ?? ids) : [""];
    return filled.map((id) => ({ path: path.replace("{id}", id), takes }));
  });
}

before(async () => {
  redis = await startRedis();
  cluster = await startApiServerProcess(folder.path);
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  const { port } = echo.address() as AddressInfo;
  const declared = join(folder.path, "objects.yaml");
  writeFileSync(declared, yamlOf(objects(`http://127.0.0.1:${port}`)));
  const tokens = join(folder.path, "tokens.yaml");
  const rights: Readonly<Record<Who, readonly string[]>> = {
    viewer: ["view"],
    reader: ["view", "payload"],
    boss: ["view", "operate"],
  };
  const rows = Object.entries(rights).map(([name, permissions]) => ({
    ...{ name, token: TOKENS[name as Who], permissions },
  }));
  writeFileSync(tokens, JSON.stringify(rows), { mode: 0o600 });
  await cluster.fault({
    ...{ method: "POST", path: "pipelineruns", times: 0 },
    action: {
      ...{ type: "status", status: 422, reason: "Invalid" },
      message: `PipelineRun "x" is invalid: spec.params[0].value: Invalid value: "${MARK}": no ${MARK}`,
      details: { causes: [{ reason: "FieldValueInvalid", field: "spec.params[0].value", message: MARK }] },
    },
  });
  gateway = await startGateway([
    ...["--config", declared, "--store", redis.url, "--log-level", "debug"],
    ...["--create", "kubernetes", "--kubeconfig", cluster.kubeconfig, "--admin-tokens", tokens],
  ]);
  for (const stream of [gateway.child.stdout, gateway.child.stderr])
    stream?.on("data", (part: Buffer | string) => {
      logged += String(part);
    });
  const headers = { "content-type": "application/json", "x-github-event": "push", "x-odd": MARK };
  for (let i = 0; i < 2; i++) {
    const response = await fetch(`${gateway.url}/ci/git?where=${MARK}&${MARK}`, {
      method: "POST",
      headers: { ...headers, "x-github-delivery": `0000-${i}`, authorization: `Basic ${MARK}` },
      body: JSON.stringify(EVENT),
    });
    assert.equal(response.status, 202);
    ids.push(((await response.json()) as { eventID: string }).eventID);
  }
  const dead = async () => JSON.parse((await ask("/api/v1/dead", "viewer")).text).items.length as number;
  await eventually(dead, (count) => count === 2);
});
after(async () => {
  echo.close();
  await gateway?.stop();
  await cluster?.stop();
  await redis?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe("a token that may view", () => {
  test("sees no value of an event by any route, nor by asking for values or words of it", async () => {
    const routes = await everyGet();
    assert.ok(routes.length >= 15, `${routes.length} routes`);
    for (const { path, takes } of routes) {
      const { status, text } = await ask(path, "viewer");
      assert.equal(status, /\/(payload|export)$/.test(path) ? 403 : 200, path);
      assert.equal(holds(text), false, `${path}: ${text}`);
      if (takes.includes("values"))
        assert.equal((await ask(`${path}?values=true`, "viewer")).status, 403, `${path} with values`);
      if (takes.includes("text"))
        assert.equal((await ask(`${path}?text=${MARK}`, "viewer")).status, 403, `${path} by text`);
    }
    const order = { filter: { text: MARK }, count: true };
    for (const path of ["/api/v1/replays", "/api/v1/retries", "/api/v1/drops"])
      assert.equal((await ask(path, "boss", order)).status, 403, `${path} by text`);
  });

  test("still sees why nothing came of it: facts, verdicts, names, expressions and fields", async () => {
    const record = JSON.parse((await ask(`/api/v1/deliveries/${ids[0]}`, "viewer")).text);
    assert.deepEqual(
      [record.repository, record.ref, record.event, record.actor],
      ["octo/hello", "refs/heads/main", "push", "ann"],
    );
    const reasons = record.decisions.map(({ reason }: { reason: string }) => reason).join("\n");
    assert.match(reasons, /filter is false: body\.secret == 'other'/);
    assert.match(reasons, /index out of bounds: “…”: body\.list\[int\(body\.n\)\] == 1/);
    assert.match(reasons, /asks verdict": “…”/);
    assert.match(reasons, /answered 400 instead of 200: “…”/);
    assert.match(reasons, /apiVersion “…” is not/);
    assert.match(reasons, /no key "absent"/);
    assert.deepEqual(record.headers["X-Odd"], ["***"]);
    const [job] = record.jobs;
    assert.equal(job.job.objects[0].kind, "PipelineRun");
    assert.match(job.attempts[0].reason, /spec\.params\[0\]\.value FieldValueInvalid: “…” \(/);
  });
});

test("who may see payloads sees the values, and each look is written down under his name", async () => {
  const path = `/api/v1/deliveries/${ids[0]}`;
  assert.equal(holds((await ask(path, "reader")).text), false, "not by the way");
  const { text } = await ask(`${path}?values=true`, "reader");
  assert.ok(text.includes(MARK) && text.includes(String(NUMBER)));
  assert.equal((await ask(`/api/v1/deliveries?text=${MARK}`, "reader")).status, 200);
  const acts = JSON.parse((await ask("/api/v1/acts", "viewer")).text).items as {
    readonly verb: string;
    readonly subject: string;
    readonly actor: string;
  }[];
  const looks = acts.filter(({ verb }) => verb === "payload").map(({ subject, actor }) => [subject, actor]);
  assert.deepEqual(looks, [
    ["deliveries (searched by text)", "reader"],
    [ids[0], "reader"],
  ]);
  assert.equal(holds(JSON.stringify(acts)), false, "what was searched for is not written down");
});

test("once tokens are named, who shows none sees nothing of the API, on loopback too", async () => {
  for (const { path } of await everyGet()) {
    const { status } = await ask(path);
    assert.equal(status, path.endsWith("openapi.json") ? 200 : 401, path);
  }
});

test("the log, at its most talkative, has no value of an event either", async () => {
  await eventually(
    async () => logged,
    (lines) => lines.includes("job.attempted"),
  );
  const line = logged.split("\n").find(holds);
  assert.equal(line, undefined);
});
