/** Overlay keys: paths like `image.tag` or `list.0`, read and written as Tekton's library (sjson) does. */

import type { JsonValue } from "../../core/json.ts";
import { isJsonObject, setOwn } from "../../core/json.ts";
import { fail } from "./values.ts";

/** Largest index of an array: sjson would fill any number of places with null. */
const MAX_INDEX = 999;
/** Parts of one key. */
const MAX_PARTS = 100;

interface Part {
  readonly key: string;
  /** The place where an array grows to: digits, or nothing at all for 0; undefined for other keys and behind a colon. */
  readonly index: number | undefined;
  /** The element of an array that it finds: digits, behind a colon too, but none behind a backslash. */
  readonly finds: number | undefined;
  /** `-1`: behind the last element. */
  readonly append: boolean;
}

/** Sets a value in an object under construction. @throws CelFailure. */
export type OverlayKey = (root: Record<string, unknown>, value: JsonValue) => void;

/**
 * Reads a key: parts stand between dots, `\` takes the next character as it is, a colon in front makes digits a name.
 *
 * @returns what sets a value there; it fails for an empty key, an index above 999, and a name inside an array.
 */
export function overlayKey(key: string): OverlayKey {
  if (key === "") return () => fail("overlay key is empty");
  const { parts, marks } = readParts(key);
  if (parts.length > MAX_PARTS) return () => fail(`overlay key has more than ${MAX_PARTS} parts`);
  // gjson's modifiers and queries address nothing that could be set.
  if (/[|#@]/.test(marks)) return () => undefined;
  if (marks !== "") return (root, value) => replaceMatch(root, parts, value);
  return (root, value) => setAt(root, parts, 0, value);
}

function readParts(key: string): { readonly parts: readonly Part[]; readonly marks: string } {
  const parts: Part[] = [];
  let marks = "";
  let text = "";
  let escaped = false;
  let forced = key.startsWith(":");
  for (let i = forced ? 1 : 0; i < key.length; i++) {
    const c = key[i] as string;
    if (c === ".") {
      parts.push(part(text, forced, escaped));
      text = "";
      escaped = false;
      forced = key[i + 1] === ":";
      if (forced) i++;
    } else if (c === "\\") {
      escaped = true;
      text += key[++i] ?? "";
    } else {
      if ("*?|#@".includes(c)) marks += c;
      text += c;
    }
  }
  return { parts: [...parts, part(text, forced, escaped)], marks };
}

function part(key: string, forced: boolean, escaped: boolean): Part {
  const index = !forced && /^[0-9]*$/.test(key) ? wrapped(key) : undefined;
  const finds = !escaped && /^[0-9]+$/.test(key) ? Number(key) : undefined;
  return { key, index, finds, append: !forced && key === "-1" };
}

/** sjson counts in 64 bits, and does not look whether they are enough. */
function wrapped(digits: string): number {
  return digits.length < 19 ? Number(digits) : Number(BigInt.asIntN(64, BigInt(digits)));
}

function setAt(container: object, parts: readonly Part[], at: number, value: JsonValue): void {
  const step = parts[at] as Part;
  const next = parts[at + 1];
  if (Array.isArray(container)) {
    if (step.finds !== undefined && step.finds < container.length) {
      const present: unknown = container[step.finds];
      container[step.finds] = next === undefined ? value : setBelow(present, parts, at + 1, value);
      return;
    }
    const index = step.append ? container.length : step.index;
    if (index === undefined) fail(`cannot set array element for non-numeric key '${step.key}'`);
    if (index > MAX_INDEX) fail(`overlay key: index ${step.key} is above ${MAX_INDEX}`);
    while (container.length < index) container.push(null);
    container.push(next === undefined ? value : setBelow(undefined, parts, at + 1, value));
    return;
  }
  const object = container as Record<string, unknown>;
  const present = Object.hasOwn(object, step.key) ? object[step.key] : undefined;
  setOwn(object, step.key, next === undefined ? value : setBelow(present, parts, at + 1, value));
}

/** A scalar, or nothing, makes way for what the next part of the key wants. */
function setBelow(present: unknown, parts: readonly Part[], at: number, value: JsonValue): unknown {
  const next = parts[at] as Part;
  // `-1` begins an array only where nothing stands yet.
  const wantsArray = next.index !== undefined || (next.append && present === undefined);
  const container = typeof present === "object" && present !== null ? present : wantsArray ? [] : {};
  setAt(container, parts, at, value);
  return container;
}

/** Keys with `*` or `?` replace the first value they match, and set nothing when there is none. */
function replaceMatch(root: Record<string, unknown>, parts: readonly Part[], value: JsonValue): void {
  let container: unknown = root;
  parts.forEach((step, i) => {
    const key = Array.isArray(container)
      ? step.index
      : isJsonObject(container)
        ? Object.keys(container).find((name) => matchesGlob(name, step.key))
        : undefined;
    const holder = container as Record<string | number, unknown>;
    if (key === undefined || !Object.hasOwn(holder, key)) container = undefined;
    else if (i < parts.length - 1) container = holder[key];
    else setOwn(holder, String(key), value);
  });
}

/** `*` is any text, `?` any character. In linear space and without a regular expression. */
function matchesGlob(text: string, glob: string): boolean {
  let t = 0;
  let g = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (g < glob.length && glob[g] === "*") {
      star = g++;
      resume = t;
    } else if (g < glob.length && (glob[g] === "?" || glob[g] === text[t])) {
      g++;
      t++;
    } else if (star !== -1) {
      g = star + 1;
      t = ++resume;
    } else return false;
  }
  while (glob[g] === "*") g++;
  return g === glob.length;
}
