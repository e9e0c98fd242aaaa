/** Counts what parsing JSON bytes would make, before any of it is made: values and depth, in one pass over the bytes. */

/** What was counted so far. */
export interface JsonCounter {
  /** Counts further bytes; chunks may end anywhere. */
  feed(bytes: Uint8Array, from?: number, to?: number): void;
  /** Values: of the document, of lists and of members of objects. Right for JSON; of anything else some number. */
  readonly values: number;
  /** The deepest nesting of lists and objects. */
  readonly depth: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OTHER = 0;
const OPENS = 1;
const CLOSES = 2;
const COMMA = 3;
const STRING = 4;

const KIND = new Uint8Array(256);
for (const [signs, kind] of [
  ["{[", OPENS],
  ["}]", CLOSES],
  [",", COMMA],
  ['"', STRING],
] as const) {
  for (const sign of signs) KIND[sign.charCodeAt(0)] = kind;
}

export function createJsonCounter(): JsonCounter {
  // The document itself; the first value in each list or object; one more behind each comma.
  let values = 1;
  let depth = 0;
  let deepest = 0;
  let inString = false;
  let escaped = false;

  return {
    feed(bytes, from = 0, to = bytes.length) {
      let at = from;
      if (escaped && at < to) {
        escaped = false;
        at++;
      }
      while (at < to) {
        if (inString) {
          let sign = bytes[at] as number;
          while (sign !== QUOTE && sign !== BACKSLASH && ++at < to) sign = bytes[at] as number;
          if (at >= to) return;
          if (sign === QUOTE) inString = false;
          else if (++at >= to) {
            escaped = true;
            return;
          }
          at++;
          continue;
        }
        const kind = KIND[bytes[at++] as number];
        if (kind === OTHER) continue;
        if (kind === STRING) inString = true;
        else if (kind === COMMA) values++;
        else if (kind === CLOSES) depth--;
        else {
          values++;
          if (++depth > deepest) deepest = depth;
        }
      }
    },
    get values() {
      return values;
    },
    get depth() {
      return deepest;
    },
  };
}

/** Bytes of memory that a value takes when it is parsed, at the worst: an empty object in a list, a key with its string. */
const BYTES_PER_VALUE = 140;

/**
 * What decoding a body costs in memory beside the body: its text, at two bytes for each of its bytes, and the values in it.
 *
 * @param values as counted.
 * @returns bytes.
 */
export function decodeCost(bytes: number, values: number): number {
  return 2 * bytes + values * BYTES_PER_VALUE;
}
