/** What is followed stays true: through pages, drops, silence, forgotten versions, and events that come twice or late. */

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import type { SluiceError } from "../../src/core/errors.ts";
import { createApi } from "../../src/kubernetes/api.ts";
import { createReflector, type ReflectorOptions } from "../../src/kubernetes/reflector.ts";
import type { ApiServer } from "../helpers/api-server.ts";
import { openTestServer } from "../helpers/cluster.ts";

type Options = Partial<Omit<ReflectorOptions<string>, "read">>;

const PATH = "/api/v1/namespaces/ci/configmaps";
const QUICK = { firstMs: 5, longestMs: 20, slowMs: 20 };

/** A server, a reflector on its ConfigMaps, and what it said: `+a=1` for a with the value 1, `-a` when it went. */
async function open(options: Options = {}, started = true) {
  const cluster = await openTestServer();
  const { server, session } = cluster;
  const heard: string[] = [];
  const said = new EventEmitter();
  const say = (words: readonly string[]): void => {
    heard.push(...words);
    said.emit("said");
  };
  const put = (name: string, value: string, namespace = "ci") =>
    server.put({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data: { value } });
  const start = () =>
    createReflector<string>({
      api: createApi(session, { timeoutMs: 2_000, maxBytes: 100_000 }),
      path: PATH,
      read: ({ data }) => String((data as { value?: unknown } | undefined)?.value),
      onChanges: (changes) =>
        say(
          changes.map((change) => {
            if (change.type === "changed") return `+${change.name}=${change.item}`;
            return change.type === "gone" ? `-${change.name}` : `?${change.name}`;
          }),
        ),
      onAway: ({ code }: SluiceError) => say([code]),
      onBack: () => say(["back"]),
      ...options,
      limits: { ...QUICK, ...options.limits },
    });
  const reflector = started ? start() : undefined;
  const t = {
    server,
    put,
    start,
    heard,
    reflector: reflector as NonNullable<typeof reflector>,
    async until(...words: readonly string[]) {
      while (!words.every((word) => heard.includes(word))) await once(said, "said");
    },
    /** Resolves when a watch is open that is none of those. */
    async watching(before: readonly unknown[] = []) {
      for (;;) {
        const [fresh] = server.watches().filter((one) => !before.includes(one));
        if (fresh !== undefined) return fresh;
        await new Promise(setImmediate);
      }
    },
    asked: (part: string) => server.requests.filter(({ path }) => path.includes(part)),
    async [Symbol.asyncDispose]() {
      reflector?.close();
      await cluster[Symbol.asyncDispose]();
    },
  };
  return t;
}

const line = (type: string, name: string, value: string, resourceVersion: number) =>
  `${JSON.stringify({
    type,
    object: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "ci", resourceVersion: String(resourceVersion) },
      data: { value },
    },
  })}\n`;

const version = (server: ApiServer): number =>
  Number(
    server.put({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "clock", namespace: "default" } })
      .metadata.resourceVersion,
  );

test("all pages are one state, and what changes later is heard", async () => {
  await using t = await open({ limits: { page: 2 } }, false);
  for (const name of ["a", "b", "c", "d", "e"]) t.put(name, "1");
  t.put("other", "1", "default");
  const reflector = t.start();
  await reflector.synced;
  assert.deepEqual(t.heard, ["+a=1", "+b=1", "+c=1", "+d=1", "+e=1"]);
  assert.equal(t.asked("limit=2").length, 3);
  t.put("b", "2");
  t.server.remove("ConfigMap", "ci", "c");
  await t.until("+b=2", "-c");
  assert.equal(reflector.isSynced(), true);
  assert.equal(reflector.away(), undefined);
  reflector.close();
});

test("a watch that ends goes on from its last bookmark, without a list", async () => {
  await using t = await open();
  const first = await t.watching();
  const now = version(t.server);
  first.end();
  await t.watching([first]);
  t.put("a", "1");
  await t.until("+a=1");
  assert.equal(t.asked("limit=").length, 1);
  assert.equal(t.asked(`resourceVersion=${now}&`).length, 1, "the bookmark's version was asked for");
});

test("what happened while a dropped watch was away is heard, once, without a list", async () => {
  await using t = await open();
  const first = await t.watching();
  t.put("a", "1");
  await t.until("+a=1");
  first.drop();
  t.put("a", "2");
  t.put("b", "1");
  await t.until("+b=1");
  assert.deepEqual(t.heard, ["+a=1", "+a=2", "+b=1"]);
  assert.equal(t.asked("limit=").length, 1);
});

test("a watch that says nothing any more is given up, and the next one goes on", async () => {
  await using t = await open({ limits: { silenceMs: 100 } });
  const first = await t.watching();
  first.mute();
  t.put("a", "1");
  await t.until("+a=1");
  assert.equal(t.asked("limit=").length, 1);
});

for (const how of ["status", "event"] as const) {
  test(`a version that is forgotten, told as ${how}, leads to a list that tells only what differs`, async () => {
    await using t = await open();
    const first = await t.watching();
    for (const name of ["same", "other", "lost"]) t.put(name, "1");
    await t.until("+lost=1");
    first.mute();
    t.put("other", "2");
    t.server.remove("ConfigMap", "ci", "lost");
    if (how === "status") {
      t.server.compact();
      first.drop();
    } else {
      t.server.fault({
        path: "watch=1",
        action: {
          type: "status",
          status: 200,
          body: `${JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } })}\n`,
        },
      });
      first.drop();
    }
    await t.until("-lost");
    assert.deepEqual(t.heard, ["+same=1", "+other=1", "+lost=1", "+other=2", "-lost"]);
    assert.equal(t.asked("limit=").length, 2);
    assert.equal(t.reflector.away(), undefined);
  });
}

test("a list that expires between its pages begins again, with larger ones", async () => {
  await using t = await open({ limits: { page: 1 } }, false);
  t.put("a", "1");
  t.put("b", "1");
  t.server.fault({ path: "continue=", action: { type: "status", status: 410, reason: "Expired" } });
  const reflector = t.start();
  await reflector.synced;
  assert.deepEqual(t.heard, ["+a=1", "+b=1"]);
  assert.deepEqual(
    t.asked("limit=").map(({ path }) => /limit=(\d+)/.exec(path)?.[1]),
    ["1", "1", "4"],
  );
  reflector.close();
});

test("a page that is larger than an answer may be is asked for in smaller ones", async () => {
  await using t = await open({}, false);
  for (const name of ["a", "b", "c"]) t.put(name, name.repeat(60_000));
  const reflector = t.start();
  await reflector.synced;
  assert.equal(t.heard.length, 3);
  reflector.close();
});

test("events that come twice, late or out of order change nothing", async () => {
  await using t = await open();
  const watch = await t.watching();
  const lines = [
    ["ADDED", "a", "new", 110],
    ["MODIFIED", "a", "old", 105],
    ["ADDED", "a", "new", 110],
    ["DELETED", "a", "old", 107],
    ["ADDED", "b", "1", 120],
    ["DELETED", "b", "1", 125],
    ["MODIFIED", "b", "old", 121],
    ["DELETED", "b", "1", 125],
    ["DELETED", "never", "1", 126],
    // A larger number of digits is a later version, not an earlier text.
    ["MODIFIED", "a", "last", 1_000],
  ] as const;
  watch.write(lines.map(([type, name, value, at]) => line(type, name, value, at)).join(""));
  await t.until("+a=last");
  assert.deepEqual(t.heard, ["+a=new", "+b=1", "-b", "+a=last"]);
});

test("signs of several bytes survive any cut, and so do lines", async () => {
  await using t = await open();
  const watch = await t.watching();
  const bytes = Buffer.from(line("ADDED", "a", "grüße 😀", 50) + line("ADDED", "b", "x", 51));
  for (const byte of bytes) {
    watch.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  await t.until("+b=x");
  assert.deepEqual(t.heard, ["+a=grüße 😀", "+b=x"]);
});

test("an object nested deeper than we read takes no other one with it", async () => {
  await using t = await open({}, false);
  const nested = (depth: number): unknown => (depth === 0 ? "end" : { in: nested(depth - 1) });
  const deep = (name: string) =>
    t.server.put({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "ci" },
      spec: nested(1_100),
    });
  deep("a-deep");
  t.put("b", "1");
  const reflector = t.start();
  await reflector.synced;
  await t.watching();
  deep("c-deep");
  t.put("d", "1");
  await t.until("+d=1");
  assert.deepEqual(t.heard, ["?a-deep", "+b=1", "?c-deep", "+d=1"]);
  assert.equal(reflector.away(), undefined);
  reflector.close();
});

for (const [what, text] of [
  ["an event larger than it may be", `${"x".repeat(5_000)}`],
  ["an event that is no JSON", "{]\n"],
  ["an event that is no object", "[1]\n"],
] as const) {
  test(`${what} ends the watch, and the next one goes on`, async () => {
    await using t = await open({ limits: { lineBytes: 4_000 } });
    const first = await t.watching();
    first.write(text);
    await t.watching([first]);
    t.put("a", "1");
    await t.until("+a=1");
  });
}

test("a server that is away keeps what is known in force, says so once, and says when it is back", async () => {
  await using t = await open();
  t.put("a", "1");
  await t.until("+a=1");
  await t.server.stop();
  await t.until("SLUICE_CREATE_UNREACHABLE");
  assert.equal(t.reflector.isSynced(), true);
  assert.equal(t.reflector.away()?.code, "SLUICE_CREATE_UNREACHABLE");
  t.put("a", "2");
  await new Promise((resolve) => setTimeout(resolve, 100));
  await t.server.start();
  await t.until("back", "+a=2");
  assert.deepEqual(t.heard.toSorted(), ["+a=1", "+a=2", "SLUICE_CREATE_UNREACHABLE", "back"]);
  assert.equal(t.reflector.away(), undefined);
});

test("a server that comes late is waited for", async () => {
  await using t = await open({}, false);
  await t.server.stop();
  const reflector = t.start();
  await t.until("SLUICE_CREATE_UNREACHABLE");
  assert.equal(reflector.isSynced(), false);
  t.put("a", "1");
  await t.server.start();
  await reflector.synced;
  assert.ok(t.heard.includes("+a=1"));
  reflector.close();
});

for (const [status, code] of [
  [403, "SLUICE_WATCH_FORBIDDEN"],
  [404, "SLUICE_WATCH_ABSENT"],
] as const) {
  test(`a refusal with ${status} is told once, asked again, and over when it is over`, async () => {
    await using t = await open({}, false);
    const disarm = t.server.fault({ path: PATH, times: 0, action: { type: "status", status } });
    const reflector = t.start();
    await t.until(code);
    assert.match(reflector.away()?.message ?? "", /configmaps in namespace ci/);
    while (t.asked(PATH).length < 4) await new Promise(setImmediate);
    assert.deepEqual(t.heard, [code]);
    disarm();
    t.put("a", "1");
    await t.until("+a=1", "back");
    reflector.close();
  });
}

test("a refused watch is known as such, though the list was given", async () => {
  await using t = await open({}, false);
  t.server.fault({ path: "watch=1", times: 0, action: { type: "status", status: 403 } });
  t.put("a", "1");
  const reflector = t.start();
  await t.until("SLUICE_WATCH_FORBIDDEN");
  assert.deepEqual(t.heard, ["+a=1", "SLUICE_WATCH_FORBIDDEN"]);
  assert.equal(reflector.isSynced(), true);
  reflector.close();
});

test("a busy server is asked again from the same version, one that cannot know it for a list", async () => {
  await using t = await open({}, false);
  t.server.fault({ path: "watch=1", action: { type: "status", status: 503 } });
  t.server.fault({ path: "watch=1", action: { type: "status", status: 504, reason: "Timeout" } });
  const reflector = t.start();
  await t.watching();
  assert.deepEqual(
    t.asked(PATH).map(({ path }) => (path.includes("watch=1") ? "watch" : "list")),
    ["list", "watch", "watch", "list", "watch"],
  );
  reflector.close();
});

test("a server that asks to be left alone is left alone", async () => {
  await using t = await open({}, false);
  t.server.fault({ path: PATH, action: { type: "status", status: 429, retryAfter: "1" } });
  const before = performance.now();
  const reflector = t.start();
  await reflector.synced;
  assert.ok(performance.now() - before >= 990);
  reflector.close();
});

test("a watch that ends at once, again and again, does not make a flood", async () => {
  await using t = await open({ limits: { firstMs: 50, longestMs: 10_000 } }, false);
  t.server.fault({ path: "watch=1", times: 0, action: { type: "status", status: 200, body: "" } });
  const reflector = t.start();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(t.asked("watch=1").length <= 6, `${t.asked("watch=1").length} watches in half a second`);
  reflector.close();
});

test("after it was closed nothing is heard", async () => {
  await using t = await open();
  await t.watching();
  t.reflector.close();
  t.put("a", "1");
  while (t.server.watches().length > 0) await new Promise(setImmediate);
  assert.deepEqual(t.heard, []);
});
