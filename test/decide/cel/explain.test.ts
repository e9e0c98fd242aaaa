/** Explanations: what the parts of an expression came to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "../../../src/decide/cel/explain.ts";
import { compileCel } from "../../../src/decide/cel/program.ts";
import { eventWith, noSecrets } from "./evaluate.ts";

const view = { namespace: "default", secrets: noSecrets };

test("operands, calls and comparisons are shown with their values", () => {
  const event = eventWith({ action: "closed", labels: [{ name: "bug" }] });
  const program = compileCel("body.action in ['opened'] || body.labels.exists(l, l.name == 'ok')");
  assert.deepEqual(explain(program, event, view), {
    expression: program.expression,
    value: false,
    parts: [
      { part: "body.action", value: "closed" },
      { part: 'body.action in ["opened"]', value: false },
      { part: "body.labels", value: [{ name: "bug" }] },
      { part: 'body.labels.exists(l, l.name == "ok")', value: false },
    ],
  });
});

test("a missing key is named, and parts behind it are still shown", () => {
  const program = compileCel("body.pull_request.draft || body.`other.key` == math.greatest(1, body.n)");
  const { error, parts } = explain(program, eventWith({ n: 3 }), view);
  assert.equal(error, "no such key: pull_request in body");
  assert.deepEqual(parts, [
    { part: "body.pull_request.draft", error: "no such key: pull_request in body" },
    { part: "body.`other.key`", error: "no such key: other.key in body" },
    { part: "body.n", value: 3 },
    { part: "math.greatest(1, body.n)", value: 3 },
    { part: "body.`other.key` == math.greatest(1, body.n)", error: "no such key: other.key in body" },
  ]);
});

test("no secret is shown: sensitive headers are masked, what is compared with a Secret is left out", () => {
  const headers = { "X-Gitlab-Token": ["hunter2"], "X-Event": ["push"] };
  for (const expression of [
    "header['X-Gitlab-Token'][0] == 'a' || header['X-Event'][0] == 'b'",
    "header.canonical('X-Gitlab-Token')",
    "header",
    "body.token.compareSecret('key', 'secret')",
  ]) {
    const event = eventWith({ token: "hunter2" }, { headers });
    assert.doesNotMatch(JSON.stringify(explain(compileCel(expression), event, view)), /hunter2/, expression);
  }
});

test("an explanation stays small, whatever the event holds", () => {
  const event = eventWith({ text: "x".repeat(100_000), list: Array(10_000).fill("y") });
  const program = compileCel(`body.text != '' && body.list != []${" && size(body.list) > 1".repeat(300)}`);
  assert.ok(JSON.stringify(explain(program, event, view)).length < 30_000);
});
