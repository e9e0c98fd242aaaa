/** What cannot be read is refused by its place: no reply and no log line repeats what a sender wrote. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { yamlOf } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { cel, listener, OPEN, trigger } from "../helpers/objects.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";

const SECRET = "qzxwvkq";
/** Two letters of the secret beside each other are more than one character; no word and no id has these. */
const quotes = (text: string): boolean => /qz|zx|xw|wv|vk/.test(text);

const READERS = [
  "body.text.parseJSON().a == 1",
  "body.text.parseYAML().a == 1",
  "body.text.matches(body.text)",
  "timestamp(body.text) < timestamp('2026-01-01T00:00:00Z')",
  "duration(body.text) < duration('1s')",
  "base64.decode(body.text) == b'x'",
  "int(body.text) == 1",
  "double(body.text) == 1.0",
  "bool(body.text)",
  "body.text.parseURL().host == 'x'",
  "body.text.format([1]) == 'x'",
  "body[body.text] == 1",
  "'x'.truncate(-int(size(body.text))) == body.text",
] as const;

const folder = temporaryFolder();
let redis: RedisServer;
const gateways: GatewayProcess[] = [];
let logged = "";

before(async () => {
  redis = await startRedis();
  const declared = join(folder.path, "objects.yaml");
  const reading = READERS.map((filter, i) => trigger(`reader-${i}`, [cel(filter)]));
  writeFileSync(
    declared,
    yamlOf([
      listener("git", [trigger("build", [cel("body.ok == true")])], OPEN),
      listener("readers", reading, OPEN),
      listener("raw", [trigger("build", [cel("body.ok == true")])], {
        annotations: { ...OPEN.annotations, "tekton.dev/payload-validation": "false" },
      }),
    ]),
  );
  for (const style of ["strict", "tekton"]) {
    const store = style === "strict" ? redis.url : redis.url.replace(/0$/, "1");
    const options = ["--config", declared, "--create", "dry-run", "--http", style, "--log-level", "debug"];
    const gateway = await startGateway([...options, "--store", store]);
    for (const stream of [gateway.child.stdout, gateway.child.stderr])
      stream?.on("data", (part: Buffer | string) => {
        logged += String(part);
      });
    gateways.push(gateway);
  }
});
after(async () => {
  for (const gateway of gateways) await gateway.stop();
  await redis?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function post(url: string, body: string, type = "application/json") {
  const response = await fetch(url, { method: "POST", headers: { "content-type": type }, body });
  return { status: response.status, text: await response.text() };
}

const BROKEN: readonly (readonly [body: string, place: RegExp])[] = [
  [`password=${SECRET}`, /unexpected 'p' at line 1, column 1/],
  [`{"password": ${SECRET}}`, /unexpected 'q' at line 1, column 14/],
  [`{"a": 1,\n "password": "${SECRET}" "x"}`, /unexpected '\\?"' at line 2, column 24/],
  [`{"${SECRET}": }`, /unexpected '}' at line 1, column 13/],
  [`["${SECRET}", ]`, /unexpected ']' at line 1, column 13/],
  [`{"password": "${SECRET}`, /unexpected end of the text/],
  [`${SECRET.repeat(10_000)}`, /unexpected 'q' at line 1, column 1/],
  [`{"a":"${SECRET}\u0001"}`, /unexpected U\+0001 at line 1, column 14/],
  [`["${SECRET}"]`, /it is JSON, but no object/],
];

test("a body that is no JSON is refused by its place and one character", async () => {
  for (const { url } of gateways) {
    for (const [body, place] of BROKEN) {
      const { status, text } = await post(`${url}/ci/git`, body);
      assert.equal(status, 400, text);
      assert.equal(quotes(text), false, text);
      if (url === gateways[0]?.url) assert.match(text, place);
    }
    const form = await post(`${url}/ci/git`, `password=${SECRET}`, "application/x-www-form-urlencoded");
    assert.deepEqual([form.status, quotes(form.text)], [400, false]);
  }
});

test("what an expression cannot read of a body stands in no reason that is logged or listed", async () => {
  const [gateway] = gateways;
  assert.ok(gateway);
  const texts = [`%${SECRET} [(`, `{"a": ${SECRET}`, `a: [${SECRET}\n*${SECRET}`, `http://[${SECRET}`];
  for (const text of texts)
    assert.equal((await post(`${gateway.url}/ci/readers`, JSON.stringify({ text }))).status, 202);
  for (const body of [`password=${SECRET}`, `{"a": ${SECRET}`])
    assert.equal((await post(`${gateway.url}/ci/raw`, body)).status, 202);
  const listed = async () => (await fetch(`${gateway.admin}/api/v1/deliveries`)).text();
  const list = await eventually(listed, (text) => JSON.parse(text).items.length === 6);
  assert.equal(quotes(list), false, list);
  for (const { id } of JSON.parse(list).items as { readonly id: string }[]) {
    const record = await (await fetch(`${gateway.admin}/api/v1/deliveries/${id}`)).text();
    assert.equal(quotes(record), false, record);
  }
});

test("the admin port repeats nothing of a body that it cannot read", async () => {
  for (const { admin } of gateways)
    for (const [body] of BROKEN.slice(0, 6)) {
      const { status, text } = await post(`${admin}/api/v1/replays`, body);
      assert.ok(status === 400 || status === 401, text);
      assert.equal(quotes(text), false, text);
    }
});

test("neither did the log", () => {
  assert.match(logged, /SLUICE_BODY_NOT_JSON/);
  assert.match(logged, /"decision.made"/);
  assert.deepEqual(logged.split("\n").filter(quotes), []);
});
