/** The CEL specification's own conformance cases, as far as they need neither protobuf messages nor libraries that Tekton does not load. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { tests } from "@bufbuild/cel-spec/testdata/conformance.js";
import type { Environment } from "../../../src/decide/cel/check.ts";
import { ENVIRONMENT } from "../../../src/decide/cel/library.ts";
import { mapOf } from "../../../src/decide/cel/maps.ts";
import { compileCel } from "../../../src/decide/cel/program.ts";
import { CelSyntaxError } from "../../../src/decide/cel/source.ts";
import { DYN, printType } from "../../../src/decide/cel/types.ts";
import type { Value } from "../../../src/decide/cel/values.ts";
import {
  CelFailure,
  isCelMap,
  isList,
  isTypeValue,
  isUint,
  typeValue,
  uint,
} from "../../../src/decide/cel/values.ts";

interface Case {
  readonly name: string;
  readonly expr: string;
  readonly value?: Encoded;
  readonly bindings?: Readonly<Record<string, { readonly value: Encoded }>>;
  readonly typeEnv?: readonly { readonly name: string }[];
  readonly container?: string;
  readonly disableCheck?: boolean;
  readonly checkOnly?: boolean;
  readonly evalError?: unknown;
  readonly typedResult?: unknown;
}

type Encoded = Readonly<Record<string, unknown>>;

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  /** `type` is what cel-go's checker found for the expression. */
  readonly tests?: readonly { readonly original: unknown; readonly type?: string }[];
}

/** Suites about protobuf messages, which a JSON event never holds, and about libraries that Tekton does not load. */
const OTHER_WORLDS = new Set([
  ...["dynamic", "enums", "proto2", "proto2_ext", "proto3", "type_deductions", "unknowns", "wrappers"],
  ...["bindings_ext", "block_ext", "macros2", "optionals", "namespace"],
]);
const PROTOBUF = /TestAllTypes|google[./]protobuf|objectValue|cel\.expr|enumValue|google\.api|optional_type/;

/** Cases that come out otherwise, and why; one that holds after all must leave the list. */
const BY_DESIGN: Readonly<Record<string, string>> = {
  "fields/qualified_ident": "Tekton declares no variable with a dot in its name",
  "fields/map_field_select": "Tekton declares no variable with a dot in its name",
  "fields/ident_with_longest_prefix_check": "Tekton declares no variable with a dot in its name",
  "fields/map_key_float": "cel-go takes any key",
  "fields/map_key_null": "cel-go takes any key",
  "fields/map_value_repeat_key": "in cel-go the last of equal keys wins",
  "fields/map_value_repeat_key_heterogeneous": "in cel-go the last of equal keys wins",
  "string_ext/indexof_out_of_range": "Tekton's cel-go answers -1",
  "string_ext/lastindexof_out_of_range": "Tekton's cel-go answers -1",
};

const noSecrets = { namespace: "default", secrets: { peek: () => null, read: async () => null } };

for (const suite of (tests as Suite).suites ?? []) {
  if (OTHER_WORLDS.has(suite.name)) continue;
  // Tekton checks every expression, so cases about unchecked ones have no meaning here.
  const cases = casesOf(suite).filter(
    (one) => !PROTOBUF.test(JSON.stringify(one)) && !one.checkOnly && !one.disableCheck,
  );
  test(`${cases.length} cases of the specification's suite ${suite.name} hold`, () => {
    const differences: string[] = [];
    for (const one of cases) {
      const difference = differenceOf(one);
      const known = Object.hasOwn(BY_DESIGN, `${suite.name}/${one.name}`);
      if (known !== (difference !== undefined)) {
        differences.push(`${suite.name}/${one.name}: ${one.expr}: ${difference ?? "holds, though listed"}`);
      }
    }
    assert.equal(differences.join("\n"), "");
  });
}

test("the checker finds the types that cel-go's checker finds", () => {
  const differences: string[] = [];
  let compared = 0;
  const visit = (suite: Suite): void => {
    for (const { original, type } of suite.tests ?? []) {
      const one = original as Case;
      const foreign = /google|TestAll|TestRequired|optional|cel\.|proto|transform|enum/i.test(
        JSON.stringify(one.expr) + one.container + type,
      );
      if (type === undefined || foreign || one.disableCheck || one.bindings || one.typeEnv) continue;
      compared++;
      const got = printType(compileCel(one.expr, { ...ENVIRONMENT, variables: new Map() }).type);
      if (got !== type) differences.push(`${one.expr}: want ${type}, got ${got}`);
    }
    for (const inner of suite.suites ?? []) visit(inner);
  };
  visit(tests as Suite);
  assert.deepEqual(differences, []);
  assert.ok(compared > 1_000, `expected the types of over a thousand cases, got ${compared}`);
});

function casesOf(suite: Suite): Case[] {
  const own = (suite.tests ?? []).map((one) => one.original as Case);
  return own.concat(...(suite.suites ?? []).map(casesOf));
}

/** What is wrong with our answer, or undefined. */
function differenceOf(one: Case): string | undefined {
  const bindings = Object.entries(one.bindings ?? {}).map(
    ([name, { value }]) => [name, decoded(value)] as const,
  );
  const names = [...bindings.map(([name]) => name), ...(one.typeEnv ?? []).map(({ name }) => name)];
  const environment: Environment = {
    library: ENVIRONMENT.library,
    variables: new Map(names.map((name) => [name, DYN])),
  };
  try {
    const program = compileCel(one.expr, environment);
    const got = printed(program.evaluate(Object.fromEntries(bindings), noSecrets));
    const want =
      one.evalError === undefined ? printed(decoded(one.value ?? { boolValue: true })) : "an error";
    return got === want ? undefined : `want ${want}, got ${got}`;
  } catch (error) {
    if (!(error instanceof CelFailure || error instanceof CelSyntaxError)) throw error;
    const reason = error instanceof CelFailure ? error.reason : error.message;
    return one.evalError === undefined ? `want ${JSON.stringify(one.value)}, got error ${reason}` : undefined;
  }
}

function decoded(value: Encoded): Value {
  const [[type, content]] = Object.entries(value) as [[string, never]];
  switch (type) {
    case "nullValue":
      return null;
    case "int64Value":
      return BigInt(content);
    case "uint64Value":
      return uint(BigInt(content));
    case "doubleValue":
      return Number(content);
    case "bytesValue":
      return Buffer.from(content, "base64");
    case "typeValue":
      return typeValue(content);
    case "listValue":
      return ((content as { values?: Encoded[] }).values ?? []).map(decoded);
    case "mapValue": {
      const { entries = [] } = content as { entries?: { key: Encoded; value: Encoded }[] };
      return mapOf(entries.map((entry) => [decoded(entry.key), decoded(entry.value)]));
    }
    default:
      return content as Value;
  }
}

/** A text that tells values and types apart. */
function printed(value: Value): string {
  if (typeof value === "bigint") return `${value}i`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  if (isList(value)) return `[${value.map(printed).join(", ")}]`;
  if (isUint(value)) return `${value.value}u`;
  if (isTypeValue(value)) return `type ${value.name}`;
  if (isCelMap(value)) {
    return `{${Array.from(value.entries.values(), (pair) => pair.map(printed).join(": "))
      .sort()
      .join(", ")}}`;
  }
  return JSON.stringify(value, (_key, item) => (typeof item === "bigint" ? `${item}` : item));
}
