/** One path compiled: plain chains of keys and indices by direct access, everything else by the evaluator. */

import type { Cost } from "../../core/cost-budget.ts";
import { canonicalName, isSensitive } from "../../core/headers.ts";
import type { JsonValue } from "../../core/json.ts";
import { isJsonObject, printString } from "../../core/json.ts";
import { compileSteps, describe } from "./evaluate.ts";
import { completePath } from "./expressions.ts";
import { hintFor } from "./hint.ts";
import { CHARACTERS_PER_STEP, print, SEARCHED_PER_STEP } from "./print.ts";
import type { Item } from "./steps.ts";
import { MAX_RESULTS_LENGTH, PathStop } from "./steps.ts";
import type { PathNode } from "./syntax.ts";
import { parsePath } from "./syntax.ts";
import type { EventView } from "./view.ts";

/** A path found nothing on an event. */
export interface Missing {
  /** Which key was the first that is not there: `body.pull_request.head: no key "head"`. */
  readonly reason: string;
}

export interface Path {
  /** The result as text for a template: a string without its quotes, anything else as JSON. */
  readonly read: (view: EventView, cost: Cost) => string | Missing;
  /** The key it starts from, when it can only start from one: body, header, extensions, context, or a wrong one. */
  readonly root: string | undefined;
  /** True when it may find the value of a header that is sensitive by its name. */
  readonly sensitive: boolean;
  /** The only header that it can find, as Go spells it, where it names one. */
  readonly header?: string;
  /** What was probably meant, where the event has nothing for it: see {@link hintFor}. */
  readonly hint?: (view: EventView) => string | undefined;
}

/** The names that start a path. */
export const ROOTS: ReadonlySet<string> = new Set(["body", "header", "extensions", "context"]);

// The reference keeps the event in a Go struct and finds its fields by their Go names, too.
const GO_NAMES: ReadonlyMap<string, string> = new Map([
  ["Body", "body"],
  ["Header", "header"],
  ["Extensions", "extensions"],
  ["Context", "context"],
]);

/**
 * Compiles the path of one expression.
 *
 * @param text what stands between `$(` and `)`.
 * @throws SyntaxError with a reason for people.
 */
export function compilePath(text: string): Path {
  // `$()` has no path at all and always gives an empty text.
  if (text === "") return { read: () => "", root: undefined, sensitive: false };
  const nodes = withGoNames(parsePath(completePath(text)));
  const keys = plainKeys(nodes);
  const root = nodes[0]?.kind === "field" ? nodes[0].name : undefined;
  const sensitive = mayReadSensitive(root, nodes[1]);
  const header = root === "header" && nodes[1]?.kind === "field" ? canonicalName(nodes[1].name) : undefined;
  const read = keys === undefined ? readRare(text, nodes) : readPlain(text, keys);
  const hint = (view: EventView): string | undefined => hintFor(text, keys, view);
  return { read, root, sensitive, hint, ...(header !== undefined && { header }) };
}

function mayReadSensitive(root: string | undefined, second: PathNode | undefined): boolean {
  if (root !== undefined && root !== "header") return false;
  return root === undefined || second?.kind !== "field" || isSensitive(second.name);
}

function withGoNames(nodes: readonly PathNode[]): readonly PathNode[] {
  const [first, second, ...rest] = nodes;
  if (first?.kind !== "field") return nodes;
  const root: PathNode = { kind: "field", name: GO_NAMES.get(first.name) ?? first.name };
  if (second === undefined) return [root];
  const eventId = root.name === "context" && second.kind === "field" && second.name === "EventID";
  return [root, eventId ? { kind: "field", name: "eventID" } : second, ...rest];
}

type Key = string | number;

function plainKeys(nodes: readonly PathNode[]): readonly Key[] | undefined {
  const keys: Key[] = [];
  for (const node of nodes) {
    if (node.kind === "field") keys.push(node.name);
    else if (node.kind === "index") keys.push(node.at);
    else return undefined;
  }
  return typeof keys[0] === "string" ? keys : undefined;
}

/** An index into null finds nothing, and nothing is not a fault: it prints as an empty list. */
const NOTHING = Symbol("nothing");

function readPlain(text: string, keys: readonly Key[]): Path["read"] {
  const [root, name] = keys;
  // Headers are joined one by one, so the common case does not join them all.
  const isHeader = root === "header" && typeof name === "string";
  const start = isHeader
    ? (view: EventView): JsonValue | undefined => view.header(name)
    : (view: EventView): JsonValue | undefined => startOf(view, root);
  const rest = keys.slice(isHeader ? 2 : 1);
  const absent = isHeader ? `no header ${JSON.stringify(name)}` : unknownRoot(root);
  return (view, cost) => {
    let value = start(view);
    if (value === undefined) return { reason: `${text}: ${absent}` };
    for (const key of rest) {
      const next = child(value, key);
      if (next === undefined) return { reason: `${text}: ${absence(value, key)}` };
      if (next === NOTHING) return "[]";
      value = next;
    }
    return printResult(value, cost);
  };
}

/** The fault of a path that starts from nothing an event has. */
export function unknownRoot(root: Key | undefined): string {
  return `no key ${JSON.stringify(root)}; a path starts with ${[...ROOTS].join(", ")}`;
}

function startOf(view: EventView, root: Key | undefined): JsonValue | undefined {
  if (root === "body") return view.body;
  if (root === "extensions") return view.extensions;
  if (root === "context") return view.context;
  return root === "header" ? view.headers() : undefined;
}

function child(value: JsonValue, key: Key): JsonValue | typeof NOTHING | undefined {
  if (typeof key === "string")
    return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  if (value === null) return NOTHING;
  if (!Array.isArray(value)) return undefined;
  return (value as readonly JsonValue[])[key < 0 ? key + value.length : key];
}

function absence(value: JsonValue, key: Key): string {
  if (typeof key === "string") {
    const where = isJsonObject(value) ? "" : ` in ${describe(value)}`;
    return `no key ${JSON.stringify(key)}${where}`;
  }
  if (!Array.isArray(value)) return `no index ${key} in ${describe(value)}`;
  return `no index ${key} in an array of ${value.length}`;
}

function readRare(text: string, nodes: readonly PathNode[]): Path["read"] {
  const steps = compileSteps(nodes);
  return (view, cost) => {
    try {
      return printResults(steps([view.all()], cost), cost);
    } catch (error) {
      if (error instanceof PathStop) return { reason: `${text}: ${error.message}` };
      throw error;
    }
  };
}

/** One result stands for itself, none and several are a list. @throws PathStop when their text grows too long. */
function printResults(results: readonly Item[], cost: Cost): string {
  const [only] = results;
  if (results.length === 1 && only !== undefined) return printResult(only, cost);
  const texts: string[] = [];
  let length = 0;
  for (const item of results) {
    const text = print(item, cost);
    length += text.length + 1;
    if (length > MAX_RESULTS_LENGTH)
      throw new PathStop(`its results have more than ${MAX_RESULTS_LENGTH} characters`, 0);
    texts.push(text);
  }
  return `[${texts.join(",")}]`;
}

function printResult(item: Item, cost: Cost): string {
  if (typeof item !== "string") return print(item, cost);
  cost.charge(item.length / SEARCHED_PER_STEP);
  if (!needsEscapes.test(item)) return item;
  cost.charge(item.length / CHARACTERS_PER_STEP);
  return printString(item).slice(1, -1);
}

// Everything that printString changes; most strings hold nothing of it.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const needsEscapes = /["\\<>&\x00-\x1f\u2028\u2029\ud800-\udfff]/;
