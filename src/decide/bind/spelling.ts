/** How a key has to be written in a path, and what a path that is written otherwise asks for instead. */

import { nearest } from "../../core/nearest.ts";

/** Signs that end a key unless a backslash stands before them; see FIELD in syntax.ts. */
const ENDS = /[ \t.,[\]$@]/g;
/** No way of writing brings these into a path: curly brackets stand around the whole of it, a backslash is taken out. */
const UNREACHABLE = /[{}\\\r\n]/;
const PLAIN = /^[\p{L}\p{Nd}_-]+$/u;

/**
 * The path that finds these keys, one inside of the other: `body.labels['tekton\.dev/x']`.
 *
 * @returns undefined where the dialect has no way to write one of them.
 */
export function pathTo(root: string, keys: readonly (string | number)[]): string | undefined {
  let path = root;
  for (const key of keys) {
    const step = typeof key === "number" ? `[${key}]` : stepTo(key);
    if (step === undefined) return undefined;
    path += step;
  }
  return path;
}

function stepTo(key: string): string | undefined {
  if (UNREACHABLE.test(key) || !isBalanced(key)) return undefined;
  if (PLAIN.test(key)) return `.${key}`;
  const escaped = key === "*" ? "\\*" : key.replace(ENDS, "\\$&");
  // Between brackets a comma, a bracket or a quote counts before any backslash does.
  return /[,\]']/.test(key) ? (key.startsWith("..") ? undefined : `.${escaped}`) : `['${escaped}']`;
}

/** `$(…)` ends at the first bracket that closes more than was opened. */
function isBalanced(key: string): boolean {
  let open = 0;
  for (const sign of key) {
    if (sign === "(") open++;
    if (sign === ")" && --open < 0) return false;
  }
  return open === 0;
}

/** The same access in CEL: `body.labels['tekton.dev/x']`. */
export function celTo(root: string, keys: readonly (string | number)[]): string {
  const step = (key: string | number): string => {
    if (typeof key === "number") return `[${key}]`;
    if (/^[A-Za-z_]\w*$/.test(key)) return `.${key}`;
    return `['${key.replace(/['\\]/g, "\\$&")}']`;
  };
  return root + keys.map(step).join("");
}

/** A key that a path does not find as it is written. */
export interface Misspelling {
  /** What the path looks for instead. */
  readonly reason: string;
  readonly cure: string;
}

const QUOTED_KEY = /\['([^']*)'\]/g;
const ESCAPED = /\\([\s\S])/g;

/** What a path does with a quoted key in which a sign ends the key: `['a.b']` is a, then b. Undefined for other paths. */
export function misspelling(path: string): Misspelling | undefined {
  for (const [whole, written = ""] of path.matchAll(QUOTED_KEY)) {
    const [ending] = written.replace(ESCAPED, "").match(ENDS) ?? [];
    if (ending === undefined) continue;
    const key = written.replace(ESCAPED, "$1");
    const better = stepTo(key);
    const what = `${JSON.stringify(ending)} ends a key, also between quotes: ${whole} does not look for ${JSON.stringify(key)}`;
    return { reason: what, cure: cureFor(path, whole, key, better) };
  }
  return undefined;
}

function cureFor(path: string, whole: string, key: string, better: string | undefined): string {
  const cel = inCel(path) ?? `…${celTo("", [key])}`;
  const overlay = `an overlay of a cel interceptor, ${cel}, reaches it too: $(extensions.<key of the overlay>)`;
  if (better === undefined)
    return `No path reaches this key; an overlay of a cel interceptor, ${cel}, does: $(extensions.<key of the overlay>).`;
  return `Escape it: $(${path.replace(whole, () => better)}); ${overlay}.`;
}

const STEP = /\.((?:\\.|[^\s.,[\]$@{}\\])+)|\[(-?\d+)\]|\['([^']*)'\]/gy;

/** A plain chain of keys as CEL reads it; undefined for slices, filters and the like. */
function inCel(path: string): string | undefined {
  const inside = path.replace(/^\{?\.?|\}$/g, "");
  const root = /^[A-Za-z]+/.exec(inside)?.[0];
  if (root === undefined) return undefined;
  const keys: (string | number)[] = [];
  let end = root.length;
  STEP.lastIndex = end;
  for (let step = STEP.exec(inside); step !== null; step = STEP.exec(inside)) {
    end = STEP.lastIndex;
    const [, name, index, quoted] = step;
    keys.push(index === undefined ? ((name ?? quoted) as string).replace(ESCAPED, "$1") : Number(index));
  }
  return end === inside.length && keys.every((key) => key !== "" && !(Number(key) < 0))
    ? celTo(root, keys)
    : undefined;
}

/** The question in CEL whether an event has a value: `has(body.a.b)`, `'a.b' in body.labels`. */
export function hasInCel(root: string, keys: readonly (string | number)[]): string {
  const last = String(keys.at(-1));
  if (/^[A-Za-z_]\w*$/.test(last)) return `has(${celTo(root, keys)})`;
  return `'${last.replace(/['\\]/g, "\\$&")}' in ${celTo(root, keys.slice(0, -1))}`;
}

/** What probably was meant by a path that cannot be parsed; undefined where nothing is known. */
export function cureOfSyntax(path: string): string | undefined {
  if (/\[\?\(.*(&&|\|\|)/s.test(path)) {
    return "&& and || are not part of this dialect: filter in an overlay of a cel interceptor, body.list.filter(e, e.a == 'x' && e.b == 'y'), and bind $(extensions.<key of the overlay>).";
  }
  const doubly = /\["([^"']*)"\]/.exec(path);
  if (doubly !== null) {
    const step = stepTo((doubly[1] ?? "").replace(ESCAPED, "$1"));
    if (step !== undefined) return `Keys stand in single quotes: $(${path.replace(doubly[0], () => step)}).`;
  }
  const bare = /\[([A-Za-z_][\w-]*)\]/.exec(path);
  if (bare !== null)
    return `A key stands in quotes or behind a dot: $(${path.replace(bare[0], `.${bare[1]}`)}).`;
  const quoted = /\['([\s\S]*)'\]/.exec(path);
  if (quoted !== null) {
    const key = (quoted[1] ?? "").replace(ESCAPED, "$1");
    return cureFor(path, quoted[0], key, stepTo(key));
  }
  if (/[{}]/.test(path))
    return "No path reaches a key with curly brackets; an overlay of a cel interceptor does: body['{key}'].";
  if (!/^\{?\.?(body|header|extensions|context)\b/i.test(path))
    return "A binding reads the event, and runs nothing: write a path that starts with body, header, extensions or context.";
  return undefined;
}

/** What probably was meant by a path that starts from nothing an event has. */
export function cureOfRoot(root: string, path: string, roots: Iterable<string>): string | undefined {
  if (root === "tt" || root === "params")
    return "A binding reads the event; params of the template are only known in the template.";
  const meant = ALIASES.get(root.toLowerCase()) ?? nearest(root, [...roots]);
  const rest = path
    .replace(/^\{?\.?/, "")
    .slice(root.length)
    .replace(/\}$/, "");
  return meant === undefined ? undefined : `Did you mean $(${meant}${rest})?`;
}

const ALIASES: ReadonlyMap<string, string> = new Map([
  ["headers", "header"],
  ["payload", "body"],
  ["event", "body"],
  ["extension", "extensions"],
]);
