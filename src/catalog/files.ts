/** Files: what paths on the command line stand for on disk, with the habits of Kubernetes mounts and of editors. */

import { isUtf8 } from "node:buffer";
import type { Stats } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import type { SluiceError } from "../core/errors.ts";
import { fault, reasonOf } from "../core/errors.ts";
import { compareBytewise } from "../core/json.ts";
import type { SourceFile } from "./yaml.ts";

/** Larger files are refused: parsing them would keep the gateway from its work for seconds. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 10_000;
const MAX_DEPTH = 32;

const EXTENSIONS = new Set([".yaml", ".yml", ".json"]);

/** A file that is to be read; `print` changes whenever its content may have. */
export interface FoundFile {
  readonly path: string;
  readonly print: string;
  /** Named by the user himself, not found in a folder. */
  readonly named?: true;
}

export interface FoundFiles {
  /** Sorted by path, each file once however many links lead to it. */
  readonly files: readonly FoundFile[];
  /** Every folder whose entries matter: those searched, and those that hold a path named by the user. */
  readonly folders: readonly string[];
  readonly faults: readonly SluiceError[];
  /** Equal for equal files: paths, link targets, sizes and times. */
  readonly print: string;
}

interface Search {
  readonly files: Map<string, FoundFile>;
  readonly folders: Set<string>;
  readonly faults: SluiceError[];
}

/**
 * Finds the `.yaml`, `.yml` and `.json` files of files and folders (recursive). Links are followed. Entries whose name
 * starts with a dot are passed over: editors leave such, and Kubernetes keeps the data of a mounted ConfigMap in
 * `..data`, to which the visible names link.
 */
export async function findFiles(paths: readonly string[]): Promise<FoundFiles> {
  const search: Search = { files: new Map(), folders: new Set(), faults: [] };
  for (const path of paths) await visitNamed(path, search);
  const files = [...search.files.values()].sort((a, b) => compareBytewise(a.path, b.path));
  const faults = search.faults;
  if (files.length > MAX_FILES) faults.push(refused(paths.join(", "), `holds more than ${MAX_FILES} files`));
  const print = [
    ...files.map((file) => `${file.path}\0${file.print}`),
    ...faults.map((one) => one.message),
  ].join("\n");
  return { files: files.slice(0, MAX_FILES), folders: [...search.folders], faults, print };
}

/** A file that cannot be taken. */
export interface Unreadable {
  readonly fault: SluiceError;
  /** What there is of it, as far as it can be read; absent where the file itself cannot be. */
  readonly remains?: string;
}

/**
 * Reads a file that was found.
 *
 * @returns its text, or why it is refused: it is gone, larger than 4 MiB, or not UTF-8.
 */
export async function readSource(path: string): Promise<SourceFile | Unreadable> {
  try {
    await using file = await open(path);
    // Read, not stat: what a file says of its size need not be true a moment later.
    const buffer = Buffer.allocUnsafe(Math.min((await file.stat()).size, MAX_FILE_BYTES) + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      length += bytesRead;
      const bytes = buffer.subarray(0, length);
      if (bytesRead === 0) return readText(path, bytes);
      if (length > MAX_FILE_BYTES) {
        const reason = `is larger than ${MAX_FILE_BYTES} bytes`;
        return { fault: refused(path, reason), remains: bytes.toString("latin1") };
      }
      if (length === buffer.length) return { fault: refused(path, "grew while it was read") };
    }
  } catch (error) {
    return { fault: refused(path, reasonOf(error)) };
  }
}

const utf8 = new TextDecoder("utf-8");

/** PowerShell's `>` writes UTF-16; ASCII in it has a zero byte in each pair. */
function readText(path: string, bytes: Buffer): SourceFile | Unreadable {
  const latin1 = bytes.toString("latin1");
  const marked = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (marked || bytes[0] === 0 || bytes[1] === 0)
    return {
      fault: refused(path, "is UTF-16, not UTF-8 text: save it as UTF-8"),
      remains: latin1.replaceAll("\0", ""),
    };
  if (!isUtf8(bytes)) return { fault: refused(path, "is not UTF-8 text"), remains: latin1 };
  // Files put behind each other bring their byte order marks along; the decoder drops the first one alone.
  return { path, text: utf8.decode(bytes).replace(/^(---[^\n]*\n)\ufeff/gm, "$1") };
}

/** A path that the user named: it must exist, and a file need not have one of the extensions. */
async function visitNamed(path: string, search: Search): Promise<void> {
  search.folders.add(dirname(path));
  const stats = await statOrFault(path, search);
  if (stats === undefined) return;
  if (stats.isDirectory()) return visitFolder(path, [], search);
  if (!stats.isFile()) search.faults.push(refused(path, "is neither a file nor a folder"));
  else if (basename(path).startsWith("."))
    search.faults.push(refused(path, "is hidden: rename it without the dot"));
  else await addFile(path, stats, search, true);
}

/** @param above real paths of the folders on the way, so that a circle of links ends. */
async function visitFolder(path: string, above: readonly string[], search: Search): Promise<void> {
  const real = await realpath(path).catch(() => path);
  if (above.includes(real)) return;
  if (above.length >= MAX_DEPTH) {
    search.faults.push(refused(path, `lies deeper than ${MAX_DEPTH} folders`));
    return;
  }
  search.folders.add(path);
  const names = await readdir(path).catch((error: unknown) => {
    search.faults.push(refused(path, reasonOf(error)));
    return [];
  });
  for (const name of names.sort(compareBytewise)) {
    if (name.startsWith(".") || search.files.size > MAX_FILES) continue;
    const entry = join(path, name);
    // A link to nothing is an editor's lock, or a file that is being replaced this moment.
    const stats = await stat(entry).catch(() => undefined);
    if (stats?.isDirectory()) await visitFolder(entry, [...above, real], search);
    else if (stats?.isFile() && EXTENSIONS.has(extname(name).toLowerCase()))
      await addFile(entry, stats, search);
  }
}

async function addFile(path: string, stats: Stats, search: Search, named = false): Promise<void> {
  const real = await realpath(path).catch(() => path);
  const print = [real, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join("\0");
  if (!search.files.has(real)) search.files.set(real, { path, print, ...(named && { named }) });
}

async function statOrFault(path: string, search: Search): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === "ENOENT";
    search.faults.push(gone ? fault("SLUICE_CONFIG_MISSING", { path }) : refused(path, reasonOf(error)));
    return undefined;
  }
}

function refused(path: string, reason: string): SluiceError {
  return fault(
    "SLUICE_YAML_SYNTAX",
    { reason: `the path ${reason}` },
    { at: { file: path, line: 1, column: 1 } },
  );
}
