/** Loading: paths on disk into declarations and secrets, or the faults that speak against taking them. */

import { setImmediate } from "node:timers/promises";
import { type ObjectName, sameName } from "../core/delivery.ts";
import type { SluiceError, SourcePosition } from "../core/errors.ts";
import type { Secrets } from "../core/secrets.ts";
import type { TektonObject } from "../core/tekton.ts";
import type { LocatedDeclarations } from "./declarations.ts";
import { createDeclarations } from "./declarations.ts";
import type { FoundFiles, Unreadable } from "./files.ts";
import { findFiles, readSource } from "./files.ts";
import type { Path } from "./findings.ts";
import { foreignGroups } from "./groups.ts";
import { ignoredFields } from "./ignored.ts";
import { judge, type Placed } from "./judge.ts";
import { readObjects, unfolded } from "./objects.ts";
import { repeatedParams } from "./repeated.ts";
import { fileSecrets } from "./secrets.ts";
import { type ReadText, sortTexts } from "./sort.ts";
import type { Locate, ParsedFile, SourceFile } from "./yaml.ts";
import { createLocate, parseYaml } from "./yaml.ts";

/** What is declared at one moment. */
export interface CatalogState {
  readonly declarations: LocatedDeclarations;
  readonly secrets: Secrets;
  /** Why listeners may be declared that are not among these: their file cannot be read. */
  readonly unread?: SluiceError;
}

export interface Loaded extends CatalogState {
  /** What cannot be used: each object alone, and what of a file cannot be read. At most 1,000. */
  readonly faults: readonly SluiceError[];
  /** What was passed over, and what nothing reads, though it was probably meant for us. At most 1,000. */
  readonly warnings: readonly SluiceError[];
  /** Files and folders that cannot be read at all: what they hold is not known. */
  readonly away: readonly SluiceError[];
  /** Numbers of files read, of objects taken, and of objects and documents passed over. */
  readonly files: number;
  readonly objects: number;
  readonly ignored: number;
  /** Where a key of a Secret stands, or the Secret itself where it has no such key. */
  locateSecret(secret: ObjectName, key: string): SourcePosition | undefined;
}

export interface LoadOptions {
  /** Files and folders. */
  readonly paths: readonly string[];
  /** Texts that were read elsewhere, such as standard input; each counts as a file. */
  readonly streams?: readonly SourceFile[];
  /** For objects that name no namespace; default "default". */
  readonly defaultNamespace?: string;
}

const MAX_FAULTS = 1_000;

/** What earlier loads parsed, by file; lets a reload parse only what has changed. */
export type ParseMemory = Map<string, { readonly text: string; readonly parsed: ParsedFile }>;

/** Loads files and folders once. Never throws for what stands in them. */
export async function loadCatalog(options: LoadOptions): Promise<Loaded> {
  return loadFound(await findFiles(options.paths), options, new Map());
}

/**
 * Loads files that were found. What is wrong with one object takes that object out, and nothing else.
 *
 * @param memory of the load before; afterwards it holds exactly the files of this one.
 */
export async function loadFound(
  found: FoundFiles,
  { defaultNamespace = "default", streams = [] }: LoadOptions,
  memory: ParseMemory,
): Promise<Loaded> {
  const away = [...found.faults];
  const unreadable: { readonly fault: SluiceError; readonly remains: string }[] = [];
  const texts: ReadText[] = [];
  for (const file of found.files) {
    const before = memory.get(file.path)?.text;
    const read = await parseFile(file.path, memory);
    if ("parsed" in read) texts.push({ ...read, named: file.named === true, ...(before && { before }) });
    else if (read.remains === undefined) away.push(read.fault);
    else unreadable.push({ fault: read.fault, remains: read.remains });
  }
  const seen = new Set(texts.map(({ file }) => file.path));
  for (const file of streams) texts.push({ file, parsed: parseYaml(file), named: true });
  for (const path of memory.keys()) if (!seen.has(path)) memory.delete(path);
  const locate = createLocate();
  const sorted = sortTexts(texts, unreadable);
  const read = readObjects(sorted.documents, defaultNamespace);
  const judged = judge(read, sorted.ours, { defaultNamespace, locate });
  const written = sorted.documents.flatMap(unfolded);
  const foreign = foreignGroups(written, defaultNamespace, locate);
  const ignored = ignoredFields(written, defaultNamespace, locate);
  const repeated = repeatedParams(written, defaultNamespace, locate);
  const isListener = ({ object }: Placed): boolean => object.kind === "EventListener";
  // Of files that make no listener at all and are not all right, any may hold one.
  const doubtful = judged.objects.some(isListener)
    ? []
    : [...sorted.faults, ...judged.faults, ...sorted.broken];
  const unread = [...away, ...sorted.unread, ...doubtful, ...judged.nameless][0];
  return {
    declarations: located(judged.objects, judged.unusable, locate),
    secrets: fileSecrets(
      judged.secrets.map(({ object }) => object),
      judged.unusableSecrets,
    ),
    ...(unread && { unread }),
    faults: [...sorted.faults, ...judged.faults].slice(0, MAX_FAULTS),
    warnings: [...sorted.warnings, ...judged.warnings, ...ignored, ...repeated, ...foreign].slice(
      0,
      MAX_FAULTS,
    ),
    away,
    files: found.files.length + streams.length,
    objects: read.objects.length + read.secrets.length,
    ignored: read.ignored + read.strays.length,
    locateSecret(secret, key) {
      const found = read.secrets.find(({ object }) => sameName(object, secret));
      if (found === undefined) return undefined;
      // Where a key stands in both, stringData wins; the deeper place is the one that exists.
      const places = ["data", "stringData"].map((field) => locate(found.source, [field, key]));
      return places.reduce((a, b) => (b.line > a.line ? b : a));
    },
  };
}

async function parseFile(
  path: string,
  memory: ParseMemory,
): Promise<Pick<ReadText, "file" | "parsed"> | Unreadable> {
  const file = await readSource(path);
  if ("fault" in file) return file;
  const known = memory.get(path);
  if (known?.text === file.text) return { file, parsed: known.parsed };
  // Parsing takes about a second for each megabyte of YAML; between files, requests have their turn.
  await setImmediate();
  const parsed = parseYaml(file);
  memory.set(path, { text: file.text, parsed });
  return { file, parsed };
}

function located(
  objects: readonly Placed[],
  unusable: ReadonlyMap<string, SluiceError>,
  locate: Locate,
): LocatedDeclarations {
  const sources = new Map(objects.map(({ object, source }) => [object, source]));
  const locateObject = (object: TektonObject, path: Path): SourcePosition | undefined => {
    const source = sources.get(object);
    return source === undefined ? undefined : locate(source, path);
  };
  return createDeclarations(sources.keys(), locateObject, unusable);
}
