/** Reads large JSON bytes in steps, so that other requests are answered in between; the results are those of parseJson. */

import { type JsonValue, MAX_JSON_DEPTH, OUT_OF_RANGE, parseJson, setOwn } from "./json.ts";
import { createJsonCounter } from "./json-count.ts";

/** Bytes that are counted, and values that are made, between two looks at the clock. */
const COUNTED_AT_ONCE = 256 * 1024;
const MADE_AT_ONCE = 512;
/** Bytes of a string that are decoded at once. */
const DECODED_AT_ONCE = 64 * 1024;
/** Bytes of a key: a longer one would be copied and hashed at once. */
const LONGEST_KEY = 1024 * 1024;
/** Bytes of a number: a longer one would be read at once, 10 ms for each million. */
const LONGEST_NUMBER = 64 * 1024;

/**
 * Counts the values of JSON bytes.
 *
 * @returns a generator that yields where other work may be done, and returns how many values there are.
 * @throws SyntaxError where they nest deeper than {@link MAX_JSON_DEPTH}.
 */
export function* countSteps(bytes: Buffer): Generator<void, number> {
  const counter = createJsonCounter();
  for (let from = 0; from < bytes.length; from += COUNTED_AT_ONCE) {
    counter.feed(bytes, from, Math.min(from + COUNTED_AT_ONCE, bytes.length));
    if (counter.depth > MAX_JSON_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_JSON_DEPTH} levels`);
    yield;
  }
  return counter.values;
}

/** A list or object that is being read. */
type Frame =
  | { readonly kind: "list"; readonly value: JsonValue[] }
  | { readonly kind: "object"; readonly value: Record<string, JsonValue>; key: string };

/**
 * Reads JSON from UTF-8 bytes as parseJson reads its text. {@link countSteps} has bounded its depth before.
 *
 * @returns a generator that yields where other work may be done, and returns the value.
 * @throws SyntaxError when it is no JSON, holds a number beyond the range of doubles, or a key or number of a length that
 *   would take long at once.
 */
export function* parseSteps(bytes: Buffer): Generator<void, JsonValue> {
  const frames: Frame[] = [];
  let at = 0;
  let begun = 0;
  skip();
  for (;;) {
    // Here a value begins.
    if (++begun % MADE_AT_ONCE === 0) yield;
    let value: JsonValue;
    const sign = bytes[at];
    if (sign === 0x7b) {
      at++;
      skip();
      const frame: Frame = { kind: "object", value: {}, key: "" };
      if (bytes[at] !== 0x7d) {
        frame.key = key() ?? (yield* longKey());
        frames.push(frame);
        continue;
      }
      at++;
      value = frame.value;
    } else if (sign === 0x5b) {
      at++;
      skip();
      const frame: Frame = { kind: "list", value: [] };
      if (bytes[at] !== 0x5d) {
        frames.push(frame);
        continue;
      }
      at++;
      value = frame.value;
    } else value = sign === 0x22 ? (string() ?? (yield* longString())) : word();
    // It has ended: it is put where it belongs, and so is each list or object that ends with it.
    for (;;) {
      skip();
      const frame = frames.at(-1);
      if (frame === undefined) {
        if (at < bytes.length) throw unexpected();
        return value;
      }
      if (frame.kind === "list") frame.value.push(value);
      else setOwn(frame.value, frame.key, value);
      const next = bytes[at];
      if (next === 0x2c) {
        at++;
        skip();
        if (frame.kind === "object") frame.key = key() ?? (yield* longKey());
        break;
      }
      if (next !== (frame.kind === "list" ? 0x5d : 0x7d)) throw unexpected();
      at++;
      frames.pop();
      value = frame.value;
    }
  }

  /** A key and its colon; undefined, and nothing read, where it is long. */
  function key(): string | undefined {
    if (bytes[at] !== 0x22) throw unexpected();
    const read = string();
    if (read !== undefined) colon();
    return read;
  }

  function* longKey(): Generator<void, string> {
    const from = at;
    const read = yield* longString();
    if (at - from > LONGEST_KEY) throw new SyntaxError(`a key is longer than ${LONGEST_KEY} bytes`);
    colon();
    return read;
  }

  function colon(): void {
    skip();
    if (bytes[at] !== 0x3a) throw unexpected();
    at++;
    skip();
  }

  /** A string; undefined, and nothing read, where it is long. */
  function string(): string | undefined {
    const from = at + 1;
    const end = Math.min(bytes.length, from + DECODED_AT_ONCE);
    let plain = true;
    let next = from;
    for (; next < end; next++) {
      const sign = bytes[next] as number;
      if (sign === 0x22) break;
      if (sign < 0x20) throw unexpected();
      if (sign !== 0x5c) continue;
      plain = false;
      next++;
    }
    if (next >= end) return undefined;
    at = next + 1;
    return decoded(from, next, plain);
  }

  /** Decodes a string in pieces; they end where neither a character nor an escape is cut. */
  function* longString(): Generator<void, string> {
    let read = "";
    let from = ++at;
    let plain = true;
    /** Where the escape of a surrogate's first half ends. */
    let half = -1;
    for (;;) {
      const sign = bytes[at];
      if (sign === 0x22) break;
      if (sign === undefined || sign < 0x20) throw unexpected();
      if (
        at - from >= DECODED_AT_ONCE &&
        !continues(bytes, at) &&
        !(at === half && isHalf(bytes, at, SECOND_HALF))
      ) {
        read += decoded(from, at, plain);
        from = at;
        plain = true;
        yield;
      }
      if (sign !== 0x5c) {
        at++;
        continue;
      }
      plain = false;
      const first = isHalf(bytes, at, FIRST_HALF);
      at += bytes[at + 1] === 0x75 ? 6 : 2;
      if (first) half = at;
    }
    read += decoded(from, at, plain);
    at++;
    return read;
  }

  function decoded(from: number, to: number, plain: boolean): string {
    const text = bytes.toString("utf8", from, to);
    return plain ? text : (parseJson(`"${text}"`) as string);
  }

  /** A number, true, false or null. */
  function word(): JsonValue {
    const from = at;
    const end = Math.min(bytes.length, from + LONGEST_NUMBER + 1);
    while (at < end && IN_WORD[bytes[at] as number] === 1) at++;
    if (at === from) throw unexpected();
    if (at - from > LONGEST_NUMBER) throw new SyntaxError(`a number is longer than ${LONGEST_NUMBER} bytes`);
    const read = JSON.parse(bytes.toString("latin1", from, at)) as JsonValue;
    if (read === Infinity || read === -Infinity) throw new SyntaxError(OUT_OF_RANGE);
    return read;
  }

  function skip(): void {
    while (at < bytes.length && IS_SPACE[bytes[at] as number] === 1) at++;
  }

  function unexpected(): SyntaxError {
    return new SyntaxError(at >= bytes.length ? "it ends too early" : `unexpected byte at position ${at}`);
  }
}

/** Whether a byte belongs to the character before it: a continuation byte, unless too many stand before it. */
function continues(bytes: Buffer, at: number): boolean {
  const is = (place: number): boolean => ((bytes[place] ?? 0) & 0xc0) === 0x80;
  return is(at) && !(is(at - 1) && is(at - 2) && is(at - 3));
}

/** Whether the escape of a surrogate's half stands at a place. */
function isHalf(bytes: Buffer, at: number, half: Uint8Array): boolean {
  if (bytes[at] !== 0x5c || bytes[at + 1] !== 0x75 || ((bytes[at + 2] ?? 0) | 0x20) !== 0x64) return false;
  return half[bytes[at + 3] ?? 0] === 1;
}

const FIRST_HALF = tableOf("89abAB");
const SECOND_HALF = tableOf("cdefCDEF");
const IS_SPACE = tableOf(" \t\r\n");
const IN_WORD = tableOf("+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

function tableOf(signs: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const sign of signs) table[sign.charCodeAt(0)] = 1;
  return table;
}
