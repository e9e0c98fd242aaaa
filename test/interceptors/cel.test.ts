/** The interceptor `cel`: parameters, verdicts, secrets. Tekton's recorded answers are in cel-vectors.test.ts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cel } from "../../interceptors/cel.ts";
import { payload } from "../../src/core/delivery.ts";
import { fault, SluiceError } from "../../src/core/errors.ts";
import type { Verdict } from "../../src/core/interceptor.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { Secrets } from "../../src/core/secrets.ts";

const noSecrets: Secrets = { peek: () => null, read: async () => null };

function ask(
  params: JsonObject,
  body: unknown = {},
  secrets: Secrets = noSecrets,
): Verdict | Promise<Verdict> {
  return cel.compile(params, { namespace: "ci", secrets }).intercept({
    id: "1",
    trigger: { namespace: "ci", name: "build" },
    url: "/hook?env=prod",
    headers: { "X-Github-Event": ["push"], "X-Token": ["s3cr3t"] },
    payload: payload(typeof body === "string" ? body : JSON.stringify(body)),
    extensions: { size: "L" },
  });
}

test("a filter that is true lets the event pass, with what the overlays compute", () => {
  const verdict = ask(
    {
      filter: "header.match('x-github-event', 'push') && extensions.size == 'L'",
      overlays: [
        { key: "branch", expression: "body.ref.split('/').last()" },
        { key: "image.tag", expression: "body.after.truncate(7)" },
      ],
    },
    { ref: "refs/heads/main", after: "4f1a8e9c0b7d" },
  );
  assert.deepEqual(verdict, { continue: true, extensions: { branch: "main", image: { tag: "4f1a8e9" } } });
  assert.deepEqual(ask({}), { continue: true });
});

test("a stop says why, with the expression", () => {
  const stops: [JsonObject, unknown, number, string][] = [
    [
      { filter: "body.action in ['opened']" },
      { action: "closed" },
      9,
      "filter is false: body.action in ['opened']",
    ],
    [
      { filter: "1" },
      {},
      9,
      "filter is no bool but int: 1. Compare it with something, as in body.ref == 'refs/heads/main'.",
    ],
    [
      { filter: "body.a.b == 1" },
      {},
      3,
      "filter failed: no such key: a in body: body.a.b == 1. has(body.a) asks whether it is there.",
    ],
    [
      { overlays: [{ key: "k", expression: "body.x" }] },
      {},
      3,
      "overlay k failed: no such key: x in body: body.x. has(body.x) asks whether it is there.",
    ],
    [
      { overlays: [{ key: "k", expression: "null" }] },
      {},
      13,
      "overlay k: unsupported type conversion from 'null_type' to JSON. null cannot be an extension: (x) == null ? '' : (x)",
    ],
    [{ filter: "true" }, "[1]", 3, "the body is no JSON object"],
  ];
  for (const [params, body, code, reason] of stops) {
    assert.deepEqual(ask(params, body), { continue: false, code, reason });
  }
});

test("parameters are read without regard to case, one that is unknown is ignored, and a wrong type is refused", () => {
  assert.deepEqual(ask({ filtre: "false" }), { continue: true });
  assert.deepEqual(ask({ FILTER: "true", Overlays: [{ Key: "a", EXPRESSION: "1", note: "x" }] }), {
    continue: true,
    extensions: { a: 1 },
  });
  const wrong: [JsonObject, string][] = [
    [{ filter: 1 }, "filter"],
    [{ overlays: "a" }, "overlays"],
    [{ overlays: ["a"] }, "overlays[0]"],
    [{ overlays: [null] }, "overlays[0]"],
    [{ overlays: [{ key: 1, expression: "1" }] }, "overlays[0].key"],
  ];
  for (const [params, field] of wrong) {
    assert.throws(
      () => ask(params),
      (error) =>
        error instanceof SluiceError &&
        error.code === "SLUICE_INTERCEPTOR_PARAMS" &&
        error.values["field"] === field,
      field,
    );
  }
});

test("an expression that does not compile is found before any event, with the place", () => {
  for (const params of [{ filter: "body.a ==" }, { overlays: [{ key: "a" }] }, { filter: "nope(1)" }]) {
    assert.throws(
      () => ask(params),
      (error) => error instanceof SluiceError && error.code === "SLUICE_CEL_SYNTAX",
    );
  }
  assert.throws(() => ask({ filter: "1 == 1.0" }), /1:3: found no matching overload/);
});

test("compareSecret reads a Secret of the trigger's namespace once it is needed, and only then", async () => {
  const reads: string[] = [];
  const secrets: Secrets = {
    peek: () => undefined,
    async read(namespace, name) {
      reads.push(`${namespace}/${name}`);
      return new Map([
        ["token", Buffer.from("s3cr3t")],
        ["empty", Buffer.from("")],
      ]);
    },
  };
  const filter = "header.canonical('X-Token').compareSecret('token', 'hook', 'elsewhere')";
  assert.deepEqual(await ask({ filter }, {}, secrets), { continue: true });
  assert.deepEqual(await ask({ filter: `!${filter}` }, {}, secrets), {
    continue: false,
    code: 9,
    reason: `filter is false: !${filter}`,
  });
  assert.deepEqual(ask({ filter: `false && ${filter}` }, {}, secrets), {
    continue: false,
    code: 9,
    reason: `filter is false: false && ${filter}`,
  });
  assert.deepEqual(reads, ["ci/hook", "ci/hook"]);
});

test("an empty secret value equals nothing, in any form of filter", async () => {
  const secrets: Secrets = { ...noSecrets, peek: () => new Map([["empty", Buffer.from("")]]) };
  for (const filter of ["''.compareSecret('empty', 'hook')", "!''.compareSecret('empty', 'hook')"]) {
    const verdict = await ask({ filter }, {}, secrets);
    assert.equal(verdict.continue, false, filter);
  }
});

test("each key of a rotation counts", async () => {
  const data = new Map([
    ["token", Buffer.from("new")],
    ["token.old", Buffer.from("s3cr3t")],
  ]);
  const filter = "header.canonical('X-Token').compareSecret('token', 'hook')";
  assert.deepEqual(await ask({ filter }, {}, { ...noSecrets, peek: () => data }), { continue: true });
});

test("a store of secrets that cannot be asked makes a stop that is tried again", async () => {
  const away = fault("SLUICE_STORE_AWAY", { reason: "connection refused" });
  const secrets: Secrets = {
    peek: () => undefined,
    read: () => Promise.reject(away),
  };
  const verdict = await ask({ filter: "'x'.compareSecret('token', 'hook')" }, {}, secrets);
  assert.deepEqual(verdict, { continue: false, code: 14, reason: away.message, transient: true });
});

test("a header compared with a secret is demanded as a proof where the filter cannot be true without it", () => {
  const demands = (filter: string) => {
    const { proofs = [] } = cel.compile({ filter }, { namespace: "ci", secrets: noSecrets });
    return proofs.map(({ parameters, secret }) => [parameters?.[0], secret?.name, secret?.key].join(" "));
  };
  const compare = "header.canonical('x-hook-key').compareSecret('token', 'hook')";
  assert.deepEqual(demands(compare), ["X-Hook-Key hook token"]);
  assert.deepEqual(demands(`body.a == 1 && (${compare} && body.b)`), ["X-Hook-Key hook token"]);
  assert.deepEqual(demands("header['X-Key'][0].compareSecret('t', 'h', 'elsewhere')"), ["X-Key h t"]);
  const none = [
    `${compare} || true`,
    `!${compare}`,
    `${compare} ? true : true`,
    "header['x-key'][0].compareSecret('t', 'h')",
    "header['X-Key'][1].compareSecret('t', 'h')",
    "header.canonical(body.name).compareSecret('t', 'h')",
    "header.canonical('X-Key').compareSecret(body.key, 'h')",
    "body.token.compareSecret('t', 'h')",
  ];
  for (const filter of none) assert.deepEqual(demands(filter), [], filter);
});

test("where proofs are recorded a comparison that was one counts as true, and nothing else of the filter does", () => {
  const compare = "header.canonical('X-Token').compareSecret('token', 'hook')";
  const recorded = (filter: string) => {
    const event = { headers: { "X-Token": ["***"] }, payload: payload("{}"), extensions: {} };
    const trigger = { namespace: "ci", name: "build" };
    const verdict = cel
      .compile({ filter }, { namespace: "ci", secrets: noSecrets })
      .intercept({ ...event, id: "1", url: "/", trigger, proofsRecorded: true });
    return verdict instanceof Promise ? undefined : verdict.continue;
  };
  assert.equal(recorded(compare), true);
  assert.equal(recorded(`${compare} && size(body) == 0`), true);
  assert.equal(recorded(`${compare} && size(body) == 1`), false);
  assert.equal(recorded(`${compare} && !${compare}`), false, "the second one is no demand");
  assert.equal(recorded("'x'.compareSecret('token', 'hook')"), false);
});

test("a filter that is a proof in another form counts as one only when it cannot be true without the secret", () => {
  const proves = (filter: string) =>
    cel.compile({ filter }, { namespace: "ci", secrets: noSecrets }).comparesSecret ?? false;
  const compare = "header.canonical('X-Token').compareSecret('token', 'hook')";
  assert.equal(proves("body.token.compareSecret('token', 'hook') && body.a == 1"), true);
  assert.equal(proves(`${compare} || body.token.compareSecret('token', 'hook')`), true);
  for (const filter of [
    `${compare} || true`,
    `!${compare}`,
    "'x'.compareSecret('token', 'hook')",
    "true",
    compare,
  ]) {
    assert.equal(proves(filter), false, filter);
  }
});

test("it says whether its answer may hang on a sensitive header", () => {
  const reads = (filter: string, ...overlays: string[]) =>
    cel.compile(
      { filter, overlays: overlays.map((expression) => ({ key: "k", expression })) },
      { namespace: "ci", secrets: noSecrets },
    ).readsHeaders ?? false;
  assert.equal(reads("header.match('X-Auth-Token', 'abc')"), true);
  assert.equal(
    reads("body.a == 'x' ? true : header.canonical('X-Token').compareSecret('token', 'webhook')"),
    true,
  );
  assert.equal(reads("header[body.name][0] == 'x'"), true);
  assert.equal(reads("header.exists(name, name == 'x')"), true);
  assert.equal(reads("true", "header['Authorization'][0]"), true);
  assert.equal(reads("header.match('X-GitHub-Event', 'push') && header['X-Gitlab-Event'][0] == 'x'"), false);
  assert.equal(reads("body.header == 'x'"), false);
  const compare = "header.canonical('X-Key').compareSecret('token', 'webhook')";
  assert.equal(reads(compare), false, "the record of the proof says what came of it");
  assert.equal(reads(`${compare} && header.match('X-Key', 'abc')`), true, "masked, since a proof reads it");
});

test("all expressions that do not compile are told at once, each with its name and place", () => {
  const overlays = [
    { key: "tag", expression: "body.a +" },
    { key: "fine", expression: "body.a" },
    { key: "b", expression: "body.b = 1" },
  ];
  assert.throws(
    () => ask({ filter: "body.a and body.b", overlays }),
    ({ message }: SluiceError) =>
      /does not compile: filter 1:8: .*; overlay tag 1:9: .*; overlay b 1:8: /.test(message) &&
      !message.includes("fine"),
  );
});
