/** Paths that are no files: standard input as `-` or `/dev/stdin`, and pipes that a shell names (`<(kustomize build)`). */

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { MAX_FILE_BYTES, type SourceFile } from "../catalog/index.ts";
import { fault, reasonOf } from "../core/errors.ts";

const STANDARD_INPUT: ReadonlySet<string> = new Set(["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

/**
 * Reads what can be read once only.
 *
 * @returns the texts, and the paths that are left.
 * @throws SluiceError SLUICE_YAML_SYNTAX when one is too large, not UTF-8, or cannot be read.
 */
export async function readStreams(
  paths: readonly string[],
  input: () => NodeJS.ReadableStream = () => Readable.from([]),
): Promise<{ readonly rest: readonly string[]; readonly streams: readonly SourceFile[] }> {
  const streams: SourceFile[] = [];
  const rest: string[] = [];
  let taken = false;
  for (const path of paths) {
    if (STANDARD_INPUT.has(path)) {
      if (!taken) streams.push({ path: "<stdin>", text: await textOf("<stdin>", input()) });
      taken = true;
    } else if (await isPipe(path)) streams.push({ path, text: await textOf(path, createReadStream(path)) });
    else rest.push(path);
  }
  return { rest, streams };
}

async function isPipe(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && (found.isFIFO() || found.isCharacterDevice());
}

async function textOf(path: string, stream: NodeJS.ReadableStream): Promise<string> {
  const refused = (reason: string) =>
    fault("SLUICE_YAML_SYNTAX", { reason }, { at: { file: path, line: 1, column: 1 } });
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      length += bytes.length;
      if (length > MAX_FILE_BYTES) break;
      chunks.push(bytes);
    }
  } catch (error) {
    throw refused(`it cannot be read: ${reasonOf(error)}`);
  }
  if (length > MAX_FILE_BYTES) throw refused(`it is larger than ${MAX_FILE_BYTES} bytes`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw refused("it is not UTF-8 text");
  }
  // What was to write it has failed; nothing must not pass for right.
  if (text.trim() === "") throw refused("it is empty");
  return text;
}
