/** sluice.yaml: found, read with a limit, and taken apart into keys with their places. */

import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import type { SourcePosition } from "../core/errors.ts";
import { fault, reasonOf } from "../core/errors.ts";

export const SETTINGS_FILE = "sluice.yaml";

/** A settings file holds a few dozen lines; anything larger is another file by mistake. */
const MAX_BYTES = 65_536;

export interface SettingsFile {
  readonly path: string;
  readonly text: string;
}

/** One key of the file, or one thing that is wrong with the file. */
export type FileEntry =
  | { readonly key: string; readonly value: unknown; readonly at: SourcePosition }
  | { readonly reason: string; readonly at: SourcePosition };

/**
 * Reads sluice.yaml of a folder.
 *
 * @returns undefined when there is none.
 * @throws SluiceError SLUICE_CONFIG_INVALID when it is there and cannot be read, or is larger than 64 KiB.
 */
export function readSettingsFile(folder: string): SettingsFile | undefined {
  const path = join(folder, SETTINGS_FILE);
  const refuse = (reason: string) => fault("SLUICE_CONFIG_INVALID", { key: SETTINGS_FILE, reason });
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw refuse(reasonOf(error));
  }
  try {
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    const size = readSync(file, buffer);
    if (size > MAX_BYTES) throw refuse(`is larger than ${MAX_BYTES} bytes`);
    return { path, text: buffer.toString("utf8", 0, size) };
  } catch (error) {
    throw error instanceof Error && "code" in error && error.code === "EISDIR"
      ? refuse("is a folder")
      : error;
  } finally {
    closeSync(file);
  }
}

/** Takes a settings file apart. Never throws: what is wrong comes back as entries with a reason. */
export function parseSettingsFile({ path, text }: SettingsFile): FileEntry[] {
  const lines = new LineCounter();
  const position = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(offset);
    return { file: path, line, column: col };
  };
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return document.errors.map((error) => ({
      reason: `no valid YAML: ${error.message}`,
      at: position(error.pos[0]),
    }));
  }
  const top = document.contents;
  if (top === null || (isScalar(top) && top.value === null)) return [];
  if (!isMap(top)) return [{ reason: "expected `key: value` lines", at: position(top.range?.[0] ?? 0) }];
  return top.items.map((pair): FileEntry => {
    const name = pair.key;
    if (!isScalar(name)) return { reason: "expected a plain key", at: position(0) };
    const at = position(name.range?.[0] ?? 0);
    const node = pair.value as { toJS?: (of: typeof document) => unknown } | null;
    try {
      return { key: String(name.value), value: node?.toJS?.(document), at };
    } catch (error) {
      return { reason: `${String(name.value)}: ${reasonOf(error)}`, at };
    }
  });
}
