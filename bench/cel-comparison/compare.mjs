/** How much of the CEL specification each JavaScript library gets right: the measurement behind docs/adr/0003. */

import { celEnv, celUint, isCelError, parse, plan } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import { tests } from "@bufbuild/cel-spec/testdata/conformance.js";
import * as marcbachmann from "@marcbachmann/cel-js";
import * as celJs from "cel-js";

/** Suites about protobuf messages, which a JSON event never holds. */
const PROTO_SUITES = ["proto2", "proto2_ext", "proto3", "enums", "dynamic", "wrappers", "unknowns", "type_deduction", "block_ext"];
const PROTO_WORDS = /TestAllTypes|google\.protobuf|google\/protobuf|objectValue|cel\.expr|enumValue|google\.api/;

const cases = flatten(tests, []).filter(
  (one) =>
    !PROTO_SUITES.includes(one.suite) && !PROTO_WORDS.test(JSON.stringify(one)) && !one.checkOnly && !one.typedResult,
);

const libraries = {
  "@bufbuild/cel": (one) => {
    const env = celEnv({ funcs: strings, ...(one.container && { namespace: one.container }) });
    const result = plan(env, parse(one.expr))(bindings(one, "bufbuild"));
    if (isCelError(result)) throw result;
    return result;
  },
  "@marcbachmann/cel-js": (one) =>
    new marcbachmann.Environment({ unlistedVariablesAreDyn: true }).evaluate(one.expr, bindings(one, "native")),
  "cel-js": (one) => celJs.evaluate(one.expr, bindings(one, "numbers")),
};

console.log(`${cases.length} cases that need no protobuf message`);
for (const [name, run] of Object.entries(libraries)) {
  const suites = new Map();
  for (const one of cases) {
    const tally = suites.get(one.suite) ?? { right: 0, all: 0 };
    suites.set(one.suite, tally);
    tally.all++;
    if (agrees(one, run)) tally.right++;
  }
  const right = [...suites.values()].reduce((sum, tally) => sum + tally.right, 0);
  console.log(`${name}: ${right}  (${[...suites].map(([suite, t]) => `${suite} ${t.right}/${t.all}`).join(", ")})`);
}

function agrees(one, run) {
  try {
    const got = comparable(run(one));
    const expected = comparable(native(one.value ?? { boolValue: true }, "bufbuild"));
    return one.evalError === undefined && JSON.stringify(got) === JSON.stringify(expected);
  } catch {
    return one.evalError !== undefined;
  }
}

function flatten(suite, path) {
  const own = (suite.tests ?? []).map((one) => ({ suite: path[0], ...one.original }));
  return own.concat(...(suite.suites ?? []).map((inner) => flatten(inner, [...path, inner.name])));
}

function bindings(one, kind) {
  return Object.fromEntries(Object.entries(one.bindings ?? {}).map(([name, { value }]) => [name, native(value, kind)]));
}

/** A value of the test data as each library wants to be given it. */
function native(value, kind) {
  const [type] = Object.keys(value);
  const content = value[type];
  switch (type) {
    case "nullValue":
      return null;
    case "int64Value":
      return kind === "numbers" ? Number(content) : BigInt(content);
    case "uint64Value":
      return kind === "bufbuild" ? celUint(BigInt(content)) : kind === "numbers" ? Number(content) : BigInt(content);
    case "doubleValue":
      return Number(content);
    case "bytesValue":
      return Uint8Array.from(Buffer.from(content, "base64"));
    case "listValue":
      return (content.values ?? []).map((item) => native(item, kind));
    case "mapValue": {
      const entries = (content.entries ?? []).map((entry) => [native(entry.key, kind), native(entry.value, kind)]);
      return kind === "bufbuild" ? new Map(entries) : Object.fromEntries(entries);
    }
    case "typeValue":
      return { type: content };
    default:
      return content;
  }
}

/** Lenient where the libraries differ by design: all numbers compare by value. */
function comparable(value) {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object") return Number.isNaN(value) ? "NaN" : value;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (value.type !== undefined && Object.keys(value).length === 1) return `type ${value.type}`;
  if (value.constructor?.name === "Type" || value.kind !== undefined) return `type ${value.name ?? value}`;
  if (typeof value.has === "function" && typeof value.get === "function") return sorted([...value.entries()]);
  if (typeof value[Symbol.iterator] === "function") return [...value].map(comparable);
  if (typeof value.value === "bigint") return Number(value.value);
  return sorted(Object.entries(value));
}

function sorted(entries) {
  const pairs = entries.map(([key, item]) => JSON.stringify([comparable(key), comparable(item)]));
  return { map: pairs.sort() };
}
