/** A path that finds nothing says why, and what would find it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { payload } from "../../../src/core/delivery.ts";
import { SluiceError } from "../../../src/core/errors.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { checkBindings, compileBindings } from "../../../src/decide/bind/index.ts";
import { pathTo } from "../../../src/decide/bind/spelling.ts";

const BODY = {
  labels: { "acme.io/team": "x", "@type": "T", "a b": 1, "x,y": 2, "q'q": 3, "in]": 4 },
  commits: [{ id: 1, sha: "0123456789" }],
  none: [],
  sha: "0123456789",
  data: { order: { id: 7 } },
  pull_request: { head: null },
};

const bound = (value: string) => [{ name: "p", value, from: "bindings[0]" }];

function textOf(value: string, extensions: JsonObject = {}): string | undefined {
  const trigger = { namespace: "ci", name: "t" };
  const headers = { "X-Github-Event": ["push"] };
  const event = { id: "1", trigger, url: "/", headers, extensions, payload: payload(JSON.stringify(BODY)) };
  return compileBindings(bound(value), [])(event).get("p");
}

function cureOf(value: string, extensions?: JsonObject): string {
  try {
    textOf(value, extensions);
  } catch (error) {
    if (error instanceof SluiceError) return error.fix;
    throw error;
  }
  throw new Error(`${value} has a value`);
}

test("each cause of a path that finds nothing has a cure of its own", () => {
  for (const [value, cure] of [
    ["$(body.labels['acme.io/team'])", /Escape it: \$\(body\.labels\['acme\\\.io\/team'\]\)/],
    ["$(body.labels.acme.io/team)", /one key: escape its dots, \$\(body\.labels\['acme\\\.io\/team'\]\)/],
    ["$(body.labels['@type'])", /\$\(body\.labels\['\\@type'\]\).*overlay.*body\.labels\['@type'\]/],
    ["$(body.order.id)", /The payload has a key "data": \$\(body\.data\.order\.id\)/],
    ["$(body.commits.id)", /a list there: \$\(body\.commits\[0\]\.id\)/],
    ["$(body.pull_request.head.sha)", /body\.pull_request\.head != null/],
    ["$(body.pull_requst.head)", /Did you mean “pull_request”/],
    ["$(body.issue.number)", /has\(body\.issue\)/],
    ["$(body.sha[0:7])", /overlay body\.sha\.truncate\(7\) of a cel/],
    ["$(body.commits[0].sha[2:5])", /overlay body\.commits\[0\]\.sha\.substring\(2, 5\) of/],
    ["$(body.sha[3:])", /overlay body\.sha\.substring\(3\) of/],
    ["$(body.sha[0])", /overlay body\.sha\.substring\(0, 1\) of/],
    ["$(body.none[0].id)", /size\(body\.none\) > 0/],
    ["$(body.none[-1])", /size\(body\.none\) > 0/],
    ["$(context.eventid)", /\$\(context\.eventID\)/],
    ["$(header['X-GitHub-Event'])", /\$\(header\.X-Github-Event\)/],
  ] as const) {
    assert.match(cureOf(value), cure, value);
  }
  assert.match(cureOf("$(body.short)", { short: 1 }), /\$\(extensions\.short\)/);
  assert.match(
    cureOf("$(extensions.short)", { extensions: { short: 1 } }),
    /\$\(extensions\.extensions\.short\)/,
  );
});

test("what a cure writes as a path finds the key", () => {
  for (const key of Object.keys(BODY.labels)) {
    assert.equal(textOf(`$(${pathTo("body", ["labels", key])})`), String(BODY.labels[key as "a b"]), key);
  }
  for (const key of ["{a}", "b\\c", "d)"]) assert.equal(pathTo("body", [key]), undefined, key);
});

test("check warns of quoted keys that end early, and explains paths that cannot be parsed", () => {
  const found = (value: string) =>
    checkBindings(bound(value), []).map(({ severity, error }) => [severity, error.code, error.fix]);
  for (const key of ["a.b", "a b", "@a", "$a"]) {
    const [[severity, code] = []] = found(`$(body['${key}'])`);
    assert.deepEqual([severity, code], ["warning", "SLUICE_PATH_DOUBTFUL"], key);
  }
  for (const fine of ["$(body['a\\.b'])", "$(body['a-b/c:d'])", "$(body.größe)", "$(body.a[?(@.b=='c')])"])
    assert.deepEqual(found(fine), [], fine);
  for (const [value, cure] of [
    ["$(body.a[?(@.b=='c' && @.d)])", /not part of this dialect/],
    ['$(body["a.b"])', /single quotes: \$\(body\['a\\\.b'\]\)/],
    ["$(body['a,b'])", /\$\(body\.a\\,b\)/],
    ["$(headers.X-A)", /Did you mean \$\(header\.X-A\)/],
    ["$(date +%s)", /runs nothing/],
  ] as const) {
    assert.match(String(found(value)[0]?.[2]), cure, value);
  }
});
