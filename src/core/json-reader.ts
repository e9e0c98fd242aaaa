/** A JSON reader of our own, for texts with escapes in keys: V8's parser can take such a key for another one. */

/**
 * True when some key of a valid JSON text holds an escape.
 *
 * V8 since Node 24 compares an escaped key with keys of objects that it parsed before by its raw text: after
 * `{"h":[],"\\":0}` the key of `{"h":1,"\n":2}` reads as a backslash. So one sender could change what others' keys mean
 * (https://github.com/nodejs/node/issues/63785).
 */
export function hasEscapedKey(text: string): boolean {
  let quote = -1;
  for (let at = text.indexOf("\\"); at !== -1; ) {
    const next = text.indexOf("\\", at + 2);
    // Looked for only where the last one is passed, or many escapes before one quote would take quadratic time.
    if (quote < at + 2) quote = text.indexOf('"', at + 2);
    // The last escape of a string: behind its end there is a colon if it is a key.
    if ((next === -1 || quote < next) && colonAt(text, quote + 1)) return true;
    at = next;
  }
  return false;
}

function colonAt(text: string, from: number): boolean {
  let at = from;
  while (SPACE.has(text[at] as string)) at++;
  return text[at] === ":";
}

/**
 * Reads JSON as JSON.parse should: of equal keys the last one counts.
 *
 * @param text valid JSON, nested no deeper than the stack allows: JSON.parse has taken it before.
 */
export function readJson(text: string): unknown {
  let at = 0;
  return value();

  function value(): unknown {
    skip();
    const sign = text[at];
    if (sign === "{") return object();
    if (sign === "[") return list();
    const token = sign === '"' ? string() : word();
    return JSON.parse(token);
  }

  function object(): unknown {
    const read: Record<string, unknown> = {};
    at++;
    for (skip(); text[at] !== "}"; skip()) {
      if (text[at] === ",") at++;
      skip();
      const key = JSON.parse(string()) as string;
      skip();
      at++;
      Object.defineProperty(read, key, {
        value: value(),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    at++;
    return read;
  }

  function list(): unknown {
    const read: unknown[] = [];
    at++;
    for (skip(); text[at] !== "]"; skip()) {
      if (text[at] === ",") at++;
      read.push(value());
    }
    at++;
    return read;
  }

  function string(): string {
    const from = at++;
    while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    return text.slice(from, ++at);
  }

  function word(): string {
    const from = at;
    while (at < text.length && !END.has(text[at] as string)) at++;
    return text.slice(from, at);
  }

  function skip(): void {
    while (SPACE.has(text[at] as string)) at++;
  }
}

const SPACE = new Set([" ", "\t", "\r", "\n"]);
const END = new Set([",", "}", "]", ...SPACE]);
