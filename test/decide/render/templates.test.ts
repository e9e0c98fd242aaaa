/** Templates: what is replaced and what is not, names, labels, namespaces, and what is refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SluiceError } from "../../../src/core/errors.ts";
import { derivedName, derivedUid } from "../../../src/core/identity.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { RenderContext } from "../../../src/core/plan.ts";
import type { RenderOptions } from "../../../src/decide/render/index.ts";
import { compileTemplate, OLD_ESCAPE_ANNOTATION } from "../../../src/decide/render/index.ts";

const context: RenderContext = {
  delivery: "018f-delivery",
  listener: { namespace: "ci", name: "listener" },
  trigger: { namespace: "ci", name: "build" },
};
const labels = {
  "triggers.tekton.dev/eventlistener": "listener",
  "triggers.tekton.dev/trigger": "build",
  "triggers.tekton.dev/triggers-eventid": "018f-delivery",
};

function render(
  resource: JsonObject,
  params: Readonly<Record<string, string>> = {},
  options: RenderOptions & { annotations?: Record<string, string> } = {},
): JsonObject {
  const { annotations = {}, ...rest } = options;
  const spec = { params: [], resourcetemplates: [resource] };
  const [object] = compileTemplate({ annotations, spec }, rest)(new Map(Object.entries(params)), context);
  return object ?? {};
}

/** The `data` of a ConfigMap whose data is a template. */
function data(template: JsonObject, params: Readonly<Record<string, string>>, annotations = {}): unknown {
  const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" }, data: template };
  return render(map, params, { annotations })["data"];
}

const broken = (reason: RegExp) => ({ code: "SLUICE_TEMPLATE_BROKEN", message: reason });

test("variables are replaced in keys and values, side by side and inside of other text", () => {
  const template = { "k-$(tt.params.a)": "$(tt.params.a)$(tt.params.b)", list: ["x$(tt.params.b)y"] };
  assert.deepEqual(data(template, { a: "A", b: "B" }), { "k-A": "AB", list: ["xBy"] });
});

test("variables of params without a value, and what only looks like one, stay", () => {
  const text = "$(tt.params.none) $(tt.params.a ) $( tt.params.a) $(params.a) $(tt.params.a";
  assert.deepEqual(data({ text }, { a: "A" }), { text });
});

test("a value is text: it is never searched for other variables", () => {
  const params = { a: "$(tt.params.b)", b: "$(tt.params.a)", half: "tt.params.b)" };
  const template = { x: "$(tt.params.a)$(tt.params.b)", y: "$($(tt.params.half)" };
  assert.deepEqual(data(template, params), { x: "$$(tt.params.b)$$(tt.params.a)", y: "$(tt.params.b)" });
});

test("escapes in values are decoded, also where they continue in the template", () => {
  assert.deepEqual(data({ x: "a\n$(tt.params.v)" }, { v: '\\"hi\\"\\t\\u003c' }), { x: 'a\n"hi"\t<' });
  assert.deepEqual(data({ x: "$(tt.params.v)n" }, { v: "\\" }), { x: "\n" });
  assert.deepEqual(data({ x: "$(tt.params.v)" }, { v: "\\ud800" }), { x: "\ufffd" });
});

test("values that are JSON texts without quotes fit into strings", () => {
  assert.deepEqual(data({ x: "$(tt.params.v)" }, { v: "[1,null]" }), { x: "[1,null]" });
});

test("values that would end their string are refused, with the place and the params", () => {
  const why = /resource template 0 .*: data\.x\[0\]: the value of param v makes no valid JSON string here/;
  for (const v of ['{"a":1}', '","b":"c', "line\nbreak", "\\d", "\\"]) {
    assert.throws(() => data({ x: ["$(tt.params.v)"] }, { v }), broken(why));
  }
  assert.throws(() => data({ "$(tt.params.v)": 1 }, { v: '"' }), broken(/the key data\.\$\(tt\.params\.v\)/));
});

test("the annotation lets objects and arrays into strings, whatever its value", () => {
  const annotations = { [OLD_ESCAPE_ANNOTATION]: "" };
  assert.deepEqual(data({ x: "$(tt.params.v)" }, { v: '{"a":[1]}' }, annotations), { x: '{"a":[1]}' });
  assert.throws(() => data({ x: "$(tt.params.v)" }, { v: '{"a":"\\""}' }, annotations), broken(/param v/));
});

test("$(uid) is one text for all resources of a trigger and delivery, also when a value spells it", () => {
  const uid = derivedUid(context.delivery, context.trigger);
  const template = { x: "$(uid)", y: "$(tt.params.v)", "$(uid)": "\n$(uid)" };
  assert.deepEqual(data(template, { v: "$(uid)" }), { x: uid, y: `$${uid}`, [uid]: `\n${uid}` });
});

test("keys that spell __proto__ become keys", () => {
  const got = data({ "$(tt.params.k)": { polluted: true } }, { k: "__proto__" }) as object;
  assert.deepEqual(Object.keys(got), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(got), Object.prototype);
});

test("generateName becomes a name that repeats itself; a name is kept", () => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { generateName: "$(tt.params.a)-" } };
  const name = derivedName("x-", context.delivery, context.trigger, 0);
  assert.deepEqual(render(pod, { a: "x" })["metadata"], { name, namespace: "ci", labels });
  assert.deepEqual(render(pod, { a: "x" }), render(pod, { a: "x" }));
  const named = { ...pod, metadata: { name: "n", generateName: "x-", namespace: "other" } };
  assert.deepEqual(render(named)["metadata"], { name: "n", namespace: "other", labels });
});

test("resources of one template get names of their own", () => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { generateName: "x-" } };
  const plan = compileTemplate({ annotations: {}, spec: { params: [], resourcetemplates: [pod, pod] } });
  const names = plan(new Map(), context).map((object) => object.metadata.name);
  assert.equal(new Set(names).size, 2);
});

test("resources before a broken one are made where somebody hears of it, unless none is wanted", () => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { generateName: "x-" } };
  const nameless = { apiVersion: "v1", kind: "Pod" };
  const spec = { params: [], resourcetemplates: [pod, nameless, pod] };
  const heard: string[] = [];
  const hear = ({ message }: SluiceError) => heard.push(message);
  const made = compileTemplate({ annotations: {}, spec })(new Map(), context, undefined, hear);
  assert.deepEqual([made.length, heard.length], [1, 1]);
  assert.match(heard[0] ?? "", /resource template 1 gives no usable object: metadata has neither name/);
  assert.throws(() => compileTemplate({ annotations: {}, spec })(new Map(), context), broken(/neither name/));
  const whole = compileTemplate({ annotations: {}, spec }, { brokenResource: "none" });
  assert.throws(() => whole(new Map(), context, undefined, hear), broken(/neither name/));
  const first = { params: [], resourcetemplates: [nameless, pod] };
  const none = compileTemplate({ annotations: {}, spec: first });
  assert.throws(() => none(new Map(), context, undefined, hear), broken(/neither name/));
});

test("with names of Tekton, metadata stays as it is written", () => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { generateName: "x-" } };
  const options = { names: "tekton" } as const;
  assert.deepEqual(render(pod, {}, options)["metadata"], { generateName: "x-", labels });
  assert.deepEqual(render({ apiVersion: "v1", kind: "Pod", metadata: null }, {}, options)["metadata"], null);
  assert.deepEqual(render({ apiVersion: "v1", kind: "Pod" }, {}, options)["metadata"], { labels });
});

test("labels of the template are kept beside Tekton's, and Tekton's win", () => {
  const written = { app: "web", "triggers.tekton.dev/trigger": "forged" };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "n", labels: written } };
  assert.deepEqual(render(pod)["metadata"], {
    name: "n",
    namespace: "ci",
    labels: { app: "web", ...labels },
  });
});

test("what no API server would take is refused here", () => {
  const refused: readonly (readonly [JsonObject, RegExp])[] = [
    [{ apiVersion: "v1", metadata: { name: "n" } }, /kind is missing/],
    [{ apiVersion: "v1", kind: "", metadata: { name: "n" } }, /kind is missing/],
    [{ kind: "Pod", metadata: { name: "n" } }, /apiVersion is missing/],
    [{ apiVersion: "v1", kind: "Pod" }, /neither name nor generateName/],
    [{ apiVersion: "v1", kind: "Pod", metadata: null }, /neither name nor generateName/],
    [{ apiVersion: "v1", kind: "Pod", metadata: "x" }, /metadata is no object/],
    [
      { apiVersion: "v1", kind: "Pod", metadata: { name: 1 } },
      /metadata\.name is the number 1 and must be text: put it into quotes \("1"\)/,
    ],
    [{ apiVersion: "v1", kind: "Pod", metadata: { name: "n", labels: null } }, /labels is no object/],
    [
      { apiVersion: "v1", kind: "Pod", metadata: { name: "n", labels: { a: 1 } } },
      /labels\[“a”\] is .* and must be text/,
    ],
  ];
  for (const [resource, reason] of refused) assert.throws(() => render(resource), broken(reason));
});

test("an apiVersion of three parts is none, and what is no object has no kind", () => {
  const version = { apiVersion: "$(tt.params.v)", kind: "Pod", metadata: { name: "p" } };
  assert.equal(render(version, { v: "a/b" })["apiVersion"], "a/b");
  assert.throws(() => render(version, { v: "a/b/c" }), broken(/a\/b\/c/));
  for (const resource of [null, 1, "x", []])
    assert.throws(() => render(resource as unknown as JsonObject), broken(/kind is missing/));
});

test("a template that nests beyond all measure is refused when it is compiled", () => {
  let deep: JsonObject = {};
  for (let i = 0; i < 2_000; i++) deep = { a: deep };
  const spec = { params: [], resourcetemplates: [deep] };
  assert.throws(() => compileTemplate({ annotations: {}, spec }), broken(/nests deeper than 1000 levels/));
});

test("rendering changes neither the template nor what an earlier rendering gave", () => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "$(tt.params.a)" }, spec: { fixed: [1] } };
  const before = structuredClone(pod);
  const first = render(pod, { a: "1" });
  const copy = structuredClone(first);
  render(pod, { a: "2" });
  assert.deepEqual(pod, before);
  assert.deepEqual(first, copy);
});

test("an object that no API server would take is refused before it is built, with its static text counted", () => {
  const value = "x".repeat(1024 * 1024);
  assert.deepEqual(data({ a: "$(tt.params.p)$(tt.params.p)" }, { p: value }), { a: value + value });
  const tooLong = broken(/more than 3145728 characters/);
  assert.throws(
    () => data({ a: "$(tt.params.p)", b: ["$(tt.params.p)$(tt.params.p)"] }, { p: value }),
    tooLong,
  );
  assert.throws(() => data({ "$(tt.params.p)": "$(tt.params.p)$(tt.params.p)" }, { p: value }), tooLong);
  assert.throws(() => data({ a: "y".repeat(2_200_000), b: "$(tt.params.p)" }, { p: value }), tooLong);
  assert.throws(() => data({ a: "$(tt.params.p)" }, { p: "$(uid)".repeat(200_000) }), tooLong);
  assert.throws(() => data({ a: "$(tt.params.p)".repeat(1_000) }, { p: value }), tooLong);
});
