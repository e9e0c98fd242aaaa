/** Lines of a stream of bytes, with where each ends; a long one is kept whole, an endless one is refused. */

import { invalidLine } from "./format.ts";

export interface Line {
  /** Counts from 1. */
  readonly line: number;
  readonly text: string;
  /** Bytes from the beginning to behind its newline. */
  readonly end: number;
}

/** A delivery of the largest body that Sluice takes, compressed to nothing less, in base64, with its objects. */
const LONGEST = 256 * 1_048_576;
const NEWLINE = 10;

/**
 * Reads lines. What stands behind the last newline was cut off, and is no line.
 *
 * @throws SluiceError SLUICE_EXPORT_INVALID for a line that is too long.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let held = 0;
  let [line, end] = [0, 0];
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      const text = Buffer.concat([...parts, chunk.subarray(from, at)]).toString("utf8");
      end += held + (at + 1 - from);
      line++;
      [parts, held, from] = [[], 0, at + 1];
      yield { line, text, end };
    }
    const rest = chunk.subarray(from);
    held += rest.length;
    if (held > LONGEST) throw invalidLine(line + 1, `it is longer than ${LONGEST} bytes`);
    if (rest.length > 0) parts.push(rest);
  }
}
