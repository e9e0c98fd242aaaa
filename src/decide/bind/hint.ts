/** Why a path found nothing on an event, by cause: what was probably meant, and how to write it. */

import { canonicalName } from "../../core/headers.ts";
import type { JsonValue } from "../../core/json.ts";
import { isJsonObject } from "../../core/json.ts";
import { nearest } from "../../core/nearest.ts";
import { quoted } from "../../core/quoted.ts";
import { celTo, hasInCel, misspelling, pathTo } from "./spelling.ts";
import type { EventView } from "./view.ts";

type Key = string | number;

/** Keys of an object that are compared with a misspelt one: an event may have any number. */
const MOST_KEYS = 200;
/** Under these, senders and brokers wrap the event that was meant. */
const WRAPPERS = ["body", "data", "payload", "event", "object", "message", "detail", "extensions"];

/**
 * The cure of a path that found nothing.
 *
 * @param path as it was written. @param keys the root and what follows, where the path is a plain chain.
 * @returns undefined where nothing better is known than to do without the value. Keys of the event are quoted.
 */
export function hintFor(path: string, keys: readonly Key[] | undefined, view: EventView): string | undefined {
  const spelling = misspelling(path);
  if (spelling !== undefined) return spelling.cure;
  if (keys === undefined) return ofSlice(path, view);
  const [root, ...rest] = keys;
  if (root === "header") return ofHeader(rest, view);
  if (root === "context") return "The context has one key: $(context.eventID).";
  if (root !== "body" && root !== "extensions") return undefined;
  const start = root === "body" ? view.body : view.extensions;
  return elsewhere(root, rest, start, view) ?? near(root, rest, start);
}

function ofHeader([name]: readonly Key[], view: EventView): string | undefined {
  if (typeof name !== "string") return undefined;
  const canonical = canonicalName(name);
  if (canonical === name || view.header(canonical) === undefined) return undefined;
  return `Headers are spelled as Go spells them: $(header.${canonical}).`;
}

/** The same keys, found under another root or one level deeper. */
function elsewhere(
  root: string,
  rest: readonly Key[],
  start: JsonValue,
  view: EventView,
): string | undefined {
  for (const wrapper of WRAPPERS) {
    const inner = child(start, wrapper);
    if (inner === undefined || find(inner, rest) === undefined) continue;
    const path = pathTo(root, [wrapper, ...rest]);
    if (path !== undefined)
      return `${root === "body" ? "The payload has" : "The extensions have"} a key ${JSON.stringify(wrapper)}: $(${path}).`;
  }
  const [first, ...deeper] = rest;
  // `$(body.extensions.x)`: as Tekton's ClusterInterceptors see it.
  if (root === "body" && first === "extensions" && find(view.extensions, deeper) !== undefined)
    return `Extensions stand beside the body: $(${pathTo("extensions", deeper)}).`;
  const [other, value] = root === "body" ? ["extensions", view.extensions] : ["body", view.body];
  if (rest.length === 0 || find(value as JsonValue, rest) === undefined) return undefined;
  return `It stands in ${other === "body" ? "the payload" : "the event's extensions"}: $(${pathTo(other as string, rest)}).`;
}

/** The first key that is not there: a dot that was meant as part of it, null or a list in its way, a word much like it. */
function near(root: string, rest: readonly Key[], start: JsonValue): string | undefined {
  let value = start;
  for (const [at, key] of rest.entries()) {
    const next = child(value, key);
    if (next !== undefined) {
      value = next;
      continue;
    }
    const before = rest.slice(0, at);
    if (value === null) return guard(`${celTo(root, before)} != null`);
    if (typeof key === "number") return ofPosition(root, before, key, value);
    if (Array.isArray(value)) {
      const path = pathTo(root, [...before, 0, ...rest.slice(at)]);
      return path && `It is a list there: $(${path}) takes the first element.`;
    }
    if (!isJsonObject(value)) return undefined;
    for (let end = at + 2; end <= rest.length; end++) {
      const joined = rest.slice(at, end).join(".");
      if (!Object.hasOwn(value, joined)) continue;
      const path = pathTo(root, [...before, joined, ...rest.slice(end)]);
      return path && `${JSON.stringify(joined)} is one key: escape its dots, $(${path}).`;
    }
    const meant = nearest(key, Object.keys(value).slice(0, MOST_KEYS));
    return meant === undefined
      ? guard(hasInCel(root, rest.slice(0, at + 1)))
      : `Did you mean ${quoted(meant)}?`;
  }
  return undefined;
}

/** A position that a list does not have, or in a text. */
function ofPosition(root: string, before: readonly Key[], key: number, value: JsonValue): string | undefined {
  const holder = celTo(root, before);
  if (typeof value === "string")
    return key < 0 ? undefined : ofText(`${holder}.substring(${key}, ${key + 1})`);
  return Array.isArray(value) ? guard(`size(${holder}) > ${key < 0 ? -key - 1 : key}`) : undefined;
}

/** A plain path and a slice behind it. */
const SLICE = /^\{?\.?(body|extensions)((?:\.[\w-]+|\[\d+\])*)\[(\d*):(\d*)\]/;

/** `[0:7]` of a text, as shells and Python have it. */
function ofSlice(path: string, view: EventView): string | undefined {
  const [, root = "", steps = "", from = "", to = ""] = SLICE.exec(path) ?? [];
  if (root === "") return undefined;
  const keys = Array.from(steps.matchAll(/\.([\w-]+)|\[(\d+)\]/g), ([, name, at]): Key => name ?? Number(at));
  const value = find(root === "body" ? view.body : view.extensions, keys);
  if (typeof value !== "string") return undefined;
  const start = Number(from);
  const cut =
    start === 0 && to !== ""
      ? `truncate(${to})`
      : `substring(${[start, to].filter((one) => one !== "").join(", ")})`;
  return ofText(`${celTo(root, keys)}.${cut}`);
}

function ofText(expression: string): string {
  return `A path takes no part of a text: write the overlay ${expression} of a cel interceptor, and bind $(extensions.<key of the overlay>).`;
}

function guard(condition: string): string {
  return `Guard the trigger with a cel filter, ${condition}, or give the template's param a default.`;
}

function find(value: JsonValue, keys: readonly Key[]): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const key of keys) {
    if (found === undefined) return undefined;
    found = child(found, key);
  }
  return found;
}

function child(value: JsonValue, key: Key): JsonValue | undefined {
  if (typeof key === "string")
    return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return Array.isArray(value) ? (value as readonly JsonValue[]).at(key) : undefined;
}
