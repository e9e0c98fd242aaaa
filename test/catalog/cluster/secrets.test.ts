/** Secrets read by name: how often they are asked for, what counts while nobody answers, and what each failure is called. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createClusterSecrets } from "../../../src/catalog/cluster/secrets.ts";
import { SluiceError } from "../../../src/core/errors.ts";
import { createApi } from "../../../src/kubernetes/api.ts";
import { openTestServer } from "../../helpers/cluster.ts";

async function open() {
  const cluster = await openTestServer({ namespaces: ["a", "b"] });
  const { server, session } = cluster;
  const said: string[] = [];
  let now = 0;
  const secrets = createClusterSecrets({
    api: createApi(session, { timeoutMs: 3_000, maxBytes: 1_000_000 }),
    onAway: ({ code }) => said.push(code),
    onBack: () => said.push("back"),
    clock: () => now,
  });
  const text = (data: Awaited<ReturnType<typeof secrets.read>> | undefined) => data?.get("token")?.toString();
  return {
    server,
    secrets,
    said,
    pass(ms: number) {
      now += ms;
    },
    put(namespace: string, value: string, name = "hook") {
      const data = { token: Buffer.from(value).toString("base64") };
      server.put({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, data });
    },
    peek: (namespace = "a") => text(secrets.peek(namespace, "hook")),
    read: async (namespace = "a", name = "hook") => text(await secrets.read(namespace, name)),
    again: async () => text(await secrets.again?.("a", "hook")),
    asked: () => server.requests.length,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

const isFault = (code: string) => (error: unknown) => error instanceof SluiceError && error.code === code;

test("one request serves all that ask at a time, and five seconds more", async () => {
  await using t = await open();
  t.put("a", "one");
  assert.equal(t.secrets.peek("a", "hook"), undefined, "not known, which is not the same as not there");
  assert.deepEqual(await Promise.all([t.read(), t.read(), t.read()]), ["one", "one", "one"]);
  t.put("a", "two");
  t.pass(4_999);
  assert.deepEqual([t.peek(), await t.read(), t.asked()], ["one", "one", 1]);
  t.pass(1);
  assert.equal(t.peek(), undefined, "a value that may be revoked is not served without asking");
  assert.deepEqual([await t.read(), t.asked()], ["two", 2]);
  t.server.remove("Secret", "a", "hook");
  t.pass(5_000);
  assert.equal(await t.secrets.read("a", "hook"), null);
});

test("what failed to prove is read again, once a second", async () => {
  await using t = await open();
  t.put("a", "one");
  await t.read();
  t.put("a", "two");
  assert.deepEqual([await t.again(), t.asked()], [undefined, 1]);
  t.pass(1_000);
  assert.deepEqual([await t.again(), t.peek(), t.asked()], ["two", "two", 2]);
  assert.deepEqual([await t.again(), t.asked()], [undefined, 2], "whatever strangers send");
});

test("one that is missing is looked for again after a second", async () => {
  await using t = await open();
  assert.equal(await t.secrets.read("a", "hook"), null);
  assert.deepEqual([await t.secrets.read("a", "hook"), t.asked()], [null, 1]);
  t.put("a", "late");
  t.pass(1_000);
  assert.equal(await t.read(), "late");
});

test("one that may not be read is a fault with what to grant, and what was known of it is forgotten", async () => {
  await using t = await open();
  t.put("a", "one");
  await t.read();
  t.server.fault({ path: "/secrets/hook", times: 2, action: { type: "status", status: 403 } });
  t.pass(5_000);
  await assert.rejects(t.read(), (error: unknown) => {
    assert.ok(isFault("SLUICE_SECRET_FORBIDDEN")(error));
    assert.match(
      (error as SluiceError).fix,
      /verb get on secrets in namespace a, with resourceNames: \[hook\]/,
    );
    return true;
  });
  await assert.rejects(t.read(), isFault("SLUICE_SECRET_FORBIDDEN"));
  assert.equal(t.asked(), 2);
  t.pass(1_000);
  await assert.rejects(t.read(), isFault("SLUICE_SECRET_FORBIDDEN"));
  t.pass(1_000);
  assert.equal(await t.read(), "one");
});

test("while the server is away what was read last counts, and what was not is a reason to try later", async () => {
  await using t = await open();
  t.put("a", "one");
  t.put("b", "other");
  await t.read();
  await t.server.stop();
  t.pass(60_000);
  assert.equal(await t.read(), "one");
  await assert.rejects(
    t.read("b"),
    (error: unknown) => isFault("SLUICE_SECRET_AWAY")(error) && (error as SluiceError).retry === "soon",
  );
  assert.deepEqual(t.said, ["SLUICE_SECRET_AWAY"]);
  t.put("a", "two");
  await t.server.start();
  t.pass(1_000);
  assert.equal(await t.read(), "two");
  assert.deepEqual(t.said, ["SLUICE_SECRET_AWAY", "back"]);
});

test("a server that does not answer is waited for a second only where a value is known", async () => {
  await using t = await open();
  t.put("a", "one");
  await t.read();
  t.server.fault({ path: "/secrets/", times: 0, action: { type: "hang", when: "before" } });
  t.pass(5_000);
  assert.equal(await t.read(), "one");
  assert.deepEqual(t.said, [], "before the request was given up");
  await assert.rejects(t.read("b"), isFault("SLUICE_SECRET_AWAY"));
});

test("while a server hangs one proof waits for it, and the others use what is known; asked later they wait again", async () => {
  await using t = await open();
  for (const name of ["hook", "other"]) t.put("a", "one", name);
  for (const name of ["hook", "other"]) await t.read("a", name);
  const goOn = t.server.fault({ path: "/secrets/", times: 0, action: { type: "hang", when: "before" } });
  t.pass(5_000);
  const timed = async (name: string) => {
    const from = performance.now();
    assert.equal(await t.read("a", name), "one");
    return performance.now() - from;
  };
  assert.ok((await timed("hook")) >= 900);
  for (const name of ["hook", "other", "hook"]) assert.ok((await timed(name)) < 500);
  t.pass(4_999);
  assert.ok((await timed("other")) < 500);
  // Nobody asked for a while: it may answer again, and then a revoked Secret must not prove any more.
  t.pass(5_000);
  assert.ok((await timed("other")) >= 500);
  goOn();
});

test("namespaces stay apart, and no name leads to another path", async () => {
  await using t = await open();
  t.put("a", "of a");
  t.put("b", "of b");
  assert.deepEqual([await t.read("a"), await t.read("b")], ["of a", "of b"]);
  t.server.clearRequests();
  for (const name of [
    "../../b/secrets/hook",
    "..",
    "",
    "hook?watch=1",
    "HOOK",
    "hook/status",
    "a".repeat(300),
  ]) {
    assert.equal(await t.secrets.read("a", name), null);
  }
  assert.equal(await t.secrets.read("b/secrets/hook#", "hook"), null);
  assert.equal(t.asked(), 0);
});
