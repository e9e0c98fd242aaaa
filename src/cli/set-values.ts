/** `--set path=value`: changes a payload before it is signed. */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  ownValue,
  setOwn,
  tryParseJson,
  valueAt,
} from "../core/json.ts";
import { didYouMean } from "../core/nearest.ts";
import { misused } from "./verb.ts";

const FLAG = "--set";

/** One change, read: where, and what stands there then. */
export interface Change {
  readonly path: readonly string[];
  readonly value: JsonValue;
}

/**
 * Reads `body.ref=refs/heads/x`. A value that is JSON is taken as JSON (numbers, booleans, null, lists, objects, texts in
 * quotes), any other as text. `body.` may be left out; keys with dots are written `['a.b']`, places in a list `[0]` or `.0`.
 *
 * @throws SluiceError SLUICE_ARGUMENT_INVALID.
 */
export function readChange(text: string): Change {
  // The path's brackets may hold an equals sign.
  const [, place, given = ""] = /^((?:[^=[\]]|\[[^\]]*\])+)=(.*)$/s.exec(text) ?? [];
  const path = place === undefined ? undefined : keysOf(place.replace(/^\$\((.*)\)$/, "$1"));
  if (path === undefined) throw misused(FLAG, `"${text.slice(0, 80)}" is not like body.ref=refs/heads/main`);
  const [root = ""] = path;
  const other = OTHER_ROOTS.get(root);
  if (other !== undefined)
    throw misused(FLAG, `${root} is no part of the body: ${other}; a field of that name is body.${root}`);
  const keys = root === "body" ? path.slice(1) : path;
  if (keys.length === 0) throw misused(FLAG, "body itself cannot be set: --payload takes a body of your own");
  return { path: keys, value: tryParseJson(given) ?? given };
}

/** What expressions read beside the body, and how it is given. */
const OTHER_ROOTS: ReadonlyMap<string, string> = new Map([
  ["header", '--header "Name: value" gives a header'],
  ["extensions", "the interceptors compute it"],
  ["requestURL", "a request of your own, --request, has one"],
]);

/** @returns undefined for what is no path. */
function keysOf(place: string): readonly string[] | undefined {
  const keys: string[] = [];
  const rest = place.replace(
    /(^|\.)([^.[\]]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]/g,
    (_all, _dot, ...found) => {
      keys.push((found.slice(0, 4) as (string | undefined)[]).find((one) => one !== undefined) ?? "");
      return "";
    },
  );
  return rest === "" && keys.length > 0 ? keys : undefined;
}

/** Of each change that adds a field, which one: it may be a misspelt one. */
export function addedBy(body: JsonValue, changes: readonly Change[]): readonly string[] {
  return changes.flatMap(({ path }) => {
    let into: JsonValue | undefined = body;
    for (const [at, key] of path.entries()) {
      // Elements of lists are checked where they are put.
      const found = valueAt(into, [key]);
      if (found === undefined && isJsonObject(into)) {
        const added = path.slice(0, at + 1).join(".");
        return [
          `--set adds body.${added}, which the payload did not have${didYouMean(key, Object.keys(into))}`,
        ];
      }
      if (found === undefined || found === null) return [];
      into = found;
    }
    return [];
  });
}

/**
 * The payload with the changes made, one after the other. Objects that lead to a place are made where they are missing; a
 * list takes a place that it has, and the one behind its end.
 *
 * @throws SluiceError SLUICE_ARGUMENT_INVALID where a path leads through a text or number, or beyond a list.
 */
export function withChanges(body: JsonValue, changes: readonly Change[]): JsonValue {
  return changes.reduce((changed, { path, value }) => put(changed, path, value, []), body);
}

function put(into: JsonValue, path: readonly string[], value: JsonValue, done: readonly string[]): JsonValue {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const here = [...done, key];
  if (Array.isArray(into)) {
    const index = /^\d{1,6}$/.test(key) ? Number(key) : -1;
    if (index < 0 || index > into.length)
      throw misused(FLAG, `body.${done.join(".")} is a list of ${into.length}, and has no place ${key}`);
    const list = [...into];
    list[index] = put(into[index] ?? {}, rest, value, here);
    return list;
  }
  if (!isJsonObject(into)) {
    const where = done.length === 0 ? "the body" : `body.${done.join(".")}`;
    throw misused(FLAG, `${where} is ${into === null ? "null" : `a ${typeof into}`}, and has no ${key}`);
  }
  const object: JsonObject = { ...into };
  const before = ownValue(into, key);
  // What is null has the place of an object that is not there.
  setOwn(object, key, put(before === null || before === undefined ? {} : before, rest, value, here));
  return object;
}
