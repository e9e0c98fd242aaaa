/** `sluice deliveries refused` and `--not-fired` on a real gateway: what was never taken, and why what was taken did not fire. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import type { DeliverySummary, Page } from "../../src/core/ledger.ts";
import type { Refusal } from "../../src/core/refusal.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { writeOpenListeners } from "../helpers/open-listener.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";
import { sluice } from "./helper.ts";

describe("a sender who is refused", { timeout: 120_000 }, () => {
  const folder = temporaryFolder();
  let gateway: GatewayProcess;
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis({ appendfsync: "no" });
    gateway = await startGateway([
      ...["--config", writeOpenListeners(folder.path), "--store", redis.url],
      ...["--create", `directory:${folder.path}/runs`],
    ]);
  });
  after(async () => {
    await gateway?.stop();
    await redis?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}${path}`, { method: "POST", body, headers });
  const json = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse((await sluice([...args, "-o", "json", "--gateway", gateway.admin])).stdout) as T;

  test("finds why: listener, code, where it came from, what it said it was; what it sent is not there", async () => {
    const github = { "x-github-event": "push" };
    for (let i = 0; i < 3; i++) assert.equal((await post("/default/open", "secret {", github)).status, 400);
    assert.equal((await post("/default/other", "{}", { "content-encoding": "br" })).status, 415);
    assert.equal((await post("/default/nobody/t0ken", "{}", github)).status, 404);
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    socket.end("POST /default/open HTTP/1.1\r\nHost : x\r\n\r\n");
    assert.match(await text(socket), /^HTTP\/1\.1 400 /);
    const read = () => json<{ items: Refusal[] }>("deliveries", "refused");
    const { items } = await eventually(read, ({ items }) => items.length >= 4, 10_000);
    const [form, encoded] = ["SLUICE_BODY_NOT_JSON", "SLUICE_ENCODING"].map((code) =>
      items.find((one) => one.code === code),
    );
    assert.deepEqual(form?.listener, { namespace: "default", name: "open" });
    assert.deepEqual([form?.provider, form?.event, form?.status], ["github", "push", 400]);
    assert.match(form?.address ?? "", /127\.0\.0\.1$/);
    assert.equal(encoded?.listener.name, "other");
    assert.doesNotMatch(JSON.stringify(items), /secret|t0ken/);
    const [lost, broken] = ["SLUICE_LISTENER_UNKNOWN", "SLUICE_HTTP_INVALID"].map((code) =>
      items.find((one) => one.code === code),
    );
    assert.deepEqual([lost?.listener, lost?.provider], [{ namespace: "", name: "" }, "github"]);
    assert.match(lost?.reason ?? "", /POST \/default\/nobody\/… on host/);
    assert.deepEqual([broken?.listener.name, broken?.status], ["", 400]);
    const only = await json<{ items: Refusal[] }>("deliveries", "refused", "--listener", "default/other");
    assert.deepEqual(
      only.items.map(({ code }) => code),
      ["SLUICE_ENCODING"],
    );
    const shown = await sluice(["deliveries", "refused", "--gateway", gateway.admin]);
    assert.match(shown.stdout, /default\/other .*415 SLUICE_ENCODING/);
    assert.match(shown.stdout, / none .*github push .*404 SLUICE_LISTENER_UNKNOWN/);
    const wrong = await sluice(["deliveries", "refused", "--repository", "a/b", "--gateway", gateway.admin]);
    assert.equal(wrong.code, 2);
  });

  test("asks why a trigger did not fire, and is told it in each line", async () => {
    assert.equal((await post("/default/open", '{"go":true}')).status, 202);
    assert.equal((await post("/default/open", '{"go":false}')).status, 202);
    const found = await json<Page<DeliverySummary>>("deliveries", "list", "--not-fired", "default/go");
    assert.deepEqual(
      found.items.map(({ outcome }) => outcome),
      ["filtered"],
    );
    assert.match(found.items[0]?.reason ?? "", /^go: /);
    assert.deepEqual(
      (await json<Page<DeliverySummary>>("deliveries", "list", "--not-fired", "none")).items,
      [],
    );
  });

  test("replays the dead letters of one cause by its fingerprint; of one that is not there nothing", async () => {
    const none = await sluice([
      "replay",
      "--fingerprint",
      "0123456789abcdef",
      "--yes",
      "--gateway",
      gateway.admin,
    ]);
    assert.match(none.stdout, /^0 replayed of 0/);
    assert.equal(none.code, 1);
    const both = await sluice([
      "replay",
      "--fingerprint",
      "x",
      "--event",
      "push",
      "--gateway",
      gateway.admin,
    ]);
    assert.equal(both.code, 2);
  });
});
