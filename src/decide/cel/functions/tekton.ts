/** Tekton's own functions, and matches. */

import { createHash, timingSafeEqual } from "node:crypto";
import { SluiceError } from "../../../core/errors.ts";
import { canonicalName } from "../../../core/headers.ts";
import { isJsonObject, parseJson, printJson } from "../../../core/json.ts";
import { quoted } from "../../../core/quoted.ts";
import { validValues } from "../../../core/secrets.ts";
import type { Context, Overload } from "../functions.ts";
import { overload } from "../functions.ts";
import type { AnyMap } from "../maps.ts";
import { KEY_STEPS, mapEntries } from "../maps.ts";
import { foreignPattern } from "../regex.ts";
import { toJson } from "../to-json.ts";
import { parseUrl } from "../url.ts";
import type { Value } from "../values.ts";
import { CelFailure, fail, isList } from "../values.ts";
import type { Work } from "../work.ts";
import { parseYaml } from "../yaml.ts";

/** What a parser costs for the shortest text, and for one that it refuses. */
const PARSE_STEPS = 100;

export const tekton: readonly Overload[] = [
  overload(
    "match",
    "map(string, dyn).(string, string) -> bool",
    ({ work }, map: AnyMap, name: string, value: string) => firstHeader(work, map, name) === value,
  ),
  overload("canonical", "map(string, dyn).(string) -> string", ({ work }, map: AnyMap, name: string) =>
    firstHeader(work, map, name),
  ),
  overload("truncate", "string.(int) -> string", ({ work }, text: string, bytes: bigint) =>
    truncate(work, text, bytes),
  ),
  overload(
    "translate",
    "string.(string, string) -> string",
    ({ work }, text: string, pattern: string, by: string) =>
      foreignPattern(pattern, work).replaceAll(work, text, by),
  ),
  overload("matches", "(string, string) -> bool", matches),
  overload("matches", "string.(string) -> bool", matches),

  overload("parseJSON", "string.() -> map(string, dyn)", ({ work }, text: string) => {
    // Keys with escapes are read by a reader of our own, which takes its time.
    work.charge(PARSE_STEPS + text.length * (text.includes("\\") ? 10 : 2));
    return decoded("parseJSON", text, parseJson);
  }),
  overload("parseYAML", "string.() -> map(string, dyn)", ({ work }, text: string) => {
    // The YAML parser needs some 2 µs for a character, and 10 where each is wrong.
    work.charge(10 * PARSE_STEPS + text.length * 80);
    return decoded("parseYAML", text, (yaml) => parseYaml(yaml, work));
  }),
  overload("parseURL", "string.() -> map(string, dyn)", ({ work }, text: string) => {
    work.charge(PARSE_STEPS + text.length * 4);
    return parseUrl(text);
  }),
  ...["map(string, dyn)", "list(dyn)"].map((type) =>
    overload("marshalJSON", `${type}.() -> string`, ({ work }, value: Value) =>
      printJson(toJson(value, work)),
    ),
  ),

  overload(
    "compareSecret",
    "string.(string, string) -> bool",
    (context, text: string, key: string, name: string) => compareSecret(context, text, key, name),
  ),
  // The third argument once was a namespace; Tekton ignores it, and a Secret stays in its trigger's namespace.
  overload(
    "compareSecret",
    "string.(string, string, string) -> bool",
    (context, text: string, key: string, name: string) => compareSecret(context, text, key, name),
  ),

  overload("first", "list(dyn).() -> dyn", (_, list: readonly Value[]) => list[0] ?? null),
  overload("last", "list(dyn).() -> dyn", (_, list: readonly Value[]) => list.at(-1) ?? null),
];

function matches({ work }: Context, text: string, pattern: string): boolean {
  return foreignPattern(pattern, work).test(work, text);
}

/** Go's Header.Get: the name in canonical spelling, the stored names as they are; "" when absent. */
function firstHeader(work: Work, map: AnyMap, name: string): string {
  work.charge(10 + name.length);
  const canonical = canonicalName(name);
  let found = "";
  for (const [key, values] of mapEntries(map)) {
    work.charge(KEY_STEPS);
    if (typeof key !== "string" || !isList(values) || !values.every((value) => typeof value === "string")) {
      return fail("failed to convert to headers: not a map of lists of strings");
    }
    if (key === canonical) found = values[0] ?? "";
  }
  return found;
}

/** Cuts after a number of UTF-8 bytes. A code point cut in two leaves a lone surrogate, which no result may hold. */
function truncate(work: Work, text: string, bytes: bigint): string {
  if (bytes < 0n) return fail(`cannot truncate to ${quoted(bytes)} bytes`);
  work.charge(10 + text.length / 16);
  if (bytes >= text.length * 3) return text;
  const all = Buffer.from(text);
  const cut = Number(bytes);
  if (cut >= all.length) return text;
  const inside = ((all[cut] as number) & 0xc0) === 0x80;
  let start = cut;
  while (start > 0 && ((all[start] as number) & 0xc0) === 0x80) start--;
  return inside ? `${all.toString("utf8", 0, start)}\udfff` : all.toString("utf8", 0, cut);
}

/** Reasons quote nothing of a value: they are stored, and it may be that of a sensitive header. */
function decoded(name: string, text: string, decode: (text: string) => unknown): Value {
  try {
    const value = decode(text);
    if (value === null) return {};
    if (isJsonObject(value)) return value;
  } catch (error) {
    if (error instanceof CelFailure || error instanceof SluiceError) throw error;
    return fail(`failed to decode a text of ${text.length} characters in ${name}`);
  }
  return fail(`failed to decode a text of ${text.length} characters in ${name}: not an object`);
}

function compareSecret({ secrets }: Context, text: string, key: string, name: string): boolean {
  const data = secrets.get(name);
  const valid = validValues(data ?? null, key);
  if (valid.length === 0) return fail(`failed to find key '${key}' of secret '${name}' in compareSecret`);
  const given = digest(text);
  // Hashes are compared, so that neither content nor length shows in the time; every value is tried.
  return valid.filter((value) => timingSafeEqual(given, digest(value))).length > 0;
}

function digest(value: string | Buffer): Buffer {
  return createHash("sha256").update(value).digest();
}
