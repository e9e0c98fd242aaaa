/** The verbs that ask a gateway or its store: while it runs, and after it stopped. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Audit, DeliveryRecord, DeliverySummary, Page } from "../../src/core/ledger.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { SECRET, sluice, sluiceProcess } from "./helper.ts";

const EVIL = "octo/\u001b[2Jgone\n01  created";

async function json<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await sluice([...args, "-o", "json"]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
}

describe("a gateway on an embedded store", () => {
  const folder = temporaryFolder();
  const store = ["--store", `embedded:${join(folder.path, "store")}`];
  let gateway: GatewayProcess;

  before(async () => {
    const where = ["--config", "examples/quickstart", "--create", `directory:${join(folder.path, "runs")}`];
    // A port of 0: who has the store open is found all the same.
    gateway = await startGateway([...where, ...store]);
  });
  after(async () => {
    await gateway.stop();
    folder[Symbol.dispose]();
  });

  const send = (event: string, ...more: readonly string[]) =>
    sluice(["send", "github", event, "--to", `${gateway.url}/default/github`, "--secret", SECRET, ...more]);
  const newest = async () => (await json<Page<DeliverySummary>>("deliveries", ...store)).items[0];

  test("while it runs it is asked over the admin port that stands in the store's lock", async () => {
    assert.equal((await send("pull_request.opened")).code, 0);
    assert.equal((await send("pull_request.closed")).code, 0);
    const created = await eventually(
      () => json<Page<DeliverySummary>>("deliveries", "list", "--outcome", "created", ...store),
      ({ items }) => items.length === 1,
    );
    const [item = assert.fail("nothing was created")] = created.items;
    assert.equal(item.repository, "Codertocat/Hello-World");

    const people = await sluice(["deliveries", ...store]);
    assert.match(people.stdout, /^ID +AGE +OUTCOME +LISTENER +EVENT +REPOSITORY +WHY$/m);
    assert.equal(people.stdout.trimEnd().split("\n").length, 3);

    const record = await json<DeliveryRecord>("deliveries", "show", item.id, ...store);
    assert.equal(record.jobs[0]?.state, "created");
    const shown = await sluice(["deliveries", "show", item.id, ...store]);
    assert.match(shown.stdout, /^delivery .* {2}created$/m);
    assert.match(shown.stdout, /✓ verify .*\n {2}✓ intercept github/);
    assert.match(shown.stdout, /created PipelineRun default\/build-/);

    const audit = await json<Audit & { balanced: boolean }>("audit", ...store);
    assert.deepEqual(
      [audit.balanced, audit.accepted, audit.created, audit.filtered, audit.runs],
      [true, 2, 1, 1, 1],
    );
    assert.match((await sluice(["audit", ...store])).stdout, /^2 accepted = 1 created \+ 1 filtered/);
  });

  test("lists are filtered by what was asked for, and go on where they ended", async () => {
    const ids = async (...args: readonly string[]) =>
      (await json<Page<DeliverySummary>>("deliveries", "list", ...args, ...store)).items.map(({ id }) => id);
    const all = await ids();
    assert.ok(all.length >= 2);
    assert.deepEqual(await ids("--listener", "default/github"), all);
    assert.deepEqual(await ids("--listener", "github", "--provider", "github"), all);
    assert.deepEqual(await ids("--listener", "other/github"), []);
    assert.equal((await ids("--event", "pull_request.closed")).length, 1);
    assert.deepEqual(await ids("--since", "2000-01-01", "--until", "2001-01-01"), []);
    const first = await json<Page<DeliverySummary>>("deliveries", "--limit", "1", ...store);
    const rest = await ids("--cursor", first.next ?? "");
    assert.deepEqual([...first.items.map(({ id }) => id), ...rest], all);
    const none = await sluice(["deliveries", "--repository", "no/body", ...store]);
    assert.deepEqual([none.code, none.stdout], [0, ""]);
    assert.match(none.stderr, /^no delivery matches: .*--text finds words anywhere\n$/);
  });

  test("a replay is a delivery of its own that points to its origin", async () => {
    const [origin = assert.fail("nothing was created")] = (
      await json<Page<DeliverySummary>>("deliveries", "--outcome", "created", ...store)
    ).items;
    for (const ask of [store, [...store, "--gateway", gateway.admin]]) {
      const { id } = await json<{ id: string }>("replay", origin.id, ...ask);
      const record = await eventually(
        () => json<DeliveryRecord>("deliveries", "show", id, ...ask),
        ({ outcome }) => outcome === "created",
      );
      assert.equal(record.replayOf, origin.id);
    }
    assert.match((await sluice(["replay", origin.id, ...store])).stdout, /^replayed as [0-9a-f-]{36}\n$/);
  });

  test("an id that nobody knows ends with 1", async () => {
    const id = "019ab000-0000-7000-8000-000000000000";
    for (const verb of [["deliveries", "show"], ["replay"]]) {
      const { code, stderr } = await sluice([...verb, id, ...store]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /no delivery has the id 019ab0.*\[SLUICE_DELIVERY_UNKNOWN\]/);
    }
  });

  test("a repository's name can neither drive the terminal nor pass for a row", async () => {
    const payload = JSON.stringify({ action: "edited", repository: { full_name: EVIL } });
    const signature = createHmac("sha256", SECRET).update(payload).digest("hex");
    const response = await fetch(`${gateway.url}/default/github`, {
      method: "POST",
      body: payload,
      headers: {
        "content-type": "application/json",
        "x-github-event": "pull_request",
        "x-hub-signature-256": `sha256=${signature}`,
      },
    });
    assert.equal(response.status, 202);
    const item = await newest();
    assert.match(item?.repository ?? "", /^octo\/.*gone/s);
    for (const args of [
      ["deliveries", "--limit", "1"],
      ["deliveries", "show", item?.id ?? ""],
    ]) {
      const { stdout } = await sluiceProcess([...args, ...store]);
      assert.match(stdout, /octo\/.*gone.*01 {2}created/);
      assert.equal(stdout.includes("\u001b"), false);
    }
  });

  test("another gateway cannot have the store, and says who has it", async () => {
    const ports = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "json"];
    const { code, stderr } = await sluiceProcess(["serve", "-c", "examples/quickstart", ...store, ...ports]);
    assert.equal(code, 3, stderr);
    assert.match(stderr, new RegExp(`is open in process ${gateway.pid} .*SLUICE_STORE_BUSY`));
  });

  test("after it stopped the store itself is read, and only replay needs a gateway", async () => {
    // What a gateway acknowledged is asked of the gateway alone.
    const audit = async () => {
      const { acknowledged: _, gateways, unknown, ...found } = await json<Audit & Told>("audit", ...store);
      return { found, asked: gateways.length, unknown };
    };
    const before = await audit();
    assert.equal(before.asked, 1);
    const all = await json<Page<DeliverySummary>>("deliveries", ...store);
    await gateway.stop();
    const after = await audit();
    assert.deepEqual(after.found, before.found);
    assert.equal(after.asked, 0);
    assert.match(after.unknown.join(), /no gateway was asked/);
    assert.deepEqual(await json<Page<DeliverySummary>>("deliveries", ...store), all);
    const [{ id } = assert.fail("the list is empty")] = all.items;
    assert.match((await sluice(["deliveries", "show", id, ...store])).stdout, new RegExp(`^delivery ${id}`));
    for (const ask of [store, [...store, "--gateway", gateway.admin]]) {
      const { code, stderr } = await sluice(["replay", id, ...ask]);
      assert.equal(code, 3, stderr);
      assert.match(stderr, /SLUICE_GATEWAY_AWAY/);
    }
  });
});

/** What an audit says of gateways. */
interface Told {
  readonly acknowledged?: unknown;
  readonly gateways: readonly unknown[];
  readonly unknown: readonly string[];
}

test("a store that is not there is no empty store", async () => {
  using folder = temporaryFolder();
  const store = ["--store", `embedded:${join(folder.path, "typo")}`];
  for (const verb of [["audit"], ["deliveries"], ["replay", "019ab"]]) {
    const { code, stderr } = await sluice([...verb, ...store]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /there is no store in .*typo[\s\S]*where serve runs, or name its --store, .*--gateway/,
    );
  }
});

test("what answers but is no gateway is told from one that is away", async () => {
  const server = createServer((_request, response) => response.writeHead(418).end("teapot")).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await sluice(["audit", "--gateway", `http://127.0.0.1:${port}`]);
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  assert.equal(code, 3);
  assert.match(stderr, /it answered 418/);
});
