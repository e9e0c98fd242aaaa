/** Loading: paths on disk into declarations and secrets, or the faults that speak against taking them. */

import { setImmediate } from "node:timers/promises";
import { type ObjectName, sameName } from "../core/delivery.ts";
import type { SluiceError, SourcePosition } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import type { Secrets } from "../core/secrets.ts";
import type { TektonObject } from "../core/tekton.ts";
import type { LocatedDeclarations } from "./declarations.ts";
import { createDeclarations, keyOf } from "./declarations.ts";
import type { Identity } from "./faults.ts";
import { formatIdentity } from "./faults.ts";
import type { FoundFiles } from "./files.ts";
import { findFiles, readSource } from "./files.ts";
import { foreignGroups } from "./groups.ts";
import type { Secret } from "./kinds/secret.ts";
import type { Sourced } from "./objects.ts";
import { readObjects, unfolded } from "./objects.ts";
import { fileSecrets } from "./secrets.ts";
import type { Locate, ParsedFile, SourceDocument, SourceFile } from "./yaml.ts";
import { createLocate, parseYaml } from "./yaml.ts";

/** What is declared at one moment. */
export interface CatalogState {
  readonly declarations: LocatedDeclarations;
  readonly secrets: Secrets;
}

export interface Loaded extends CatalogState {
  /** Empty when the state may come into force. At most 1,000. */
  readonly faults: readonly SluiceError[];
  /** What nothing reads, though it was probably meant for us. */
  readonly warnings: readonly SluiceError[];
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
 * Loads files that were found.
 *
 * @param memory of the load before; afterwards it holds exactly the files of this one.
 */
export async function loadFound(
  found: FoundFiles,
  { defaultNamespace = "default", streams = [] }: LoadOptions,
  memory: ParseMemory,
): Promise<Loaded> {
  const faults = [...found.faults];
  const documents: SourceDocument[] = [];
  const seen = new Set<string>();
  for (const { path } of found.files) {
    const parsed = await parseFile(path, memory);
    if ("fault" in parsed) {
      faults.push(parsed.fault);
      continue;
    }
    seen.add(path);
    documents.push(...parsed.documents);
    faults.push(...parsed.faults);
  }
  for (const stream of streams) {
    const parsed = parseYaml(stream);
    documents.push(...parsed.documents);
    faults.push(...parsed.faults);
  }
  for (const path of memory.keys()) if (!seen.has(path)) memory.delete(path);
  const locate = createLocate();
  const read = readObjects(documents, defaultNamespace, locate);
  faults.push(...read.faults, ...duplicates([...read.objects, ...read.secrets], locate));
  return {
    declarations: located(read.objects, locate),
    secrets: fileSecrets(read.secrets.map(({ object }) => object)),
    faults: faults.slice(0, MAX_FAULTS),
    warnings: foreignGroups(documents.flatMap(unfolded), defaultNamespace, locate),
    files: found.files.length + streams.length,
    objects: read.objects.length + read.secrets.length,
    ignored: read.ignored,
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
): Promise<ParsedFile | { readonly fault: SluiceError }> {
  const file = await readSource(path);
  if ("fault" in file) return file;
  const known = memory.get(path);
  if (known?.text === file.text) return known.parsed;
  // Parsing takes about a second for each megabyte of YAML; between files, requests have their turn.
  await setImmediate();
  const parsed = parseYaml(file);
  memory.set(path, { text: file.text, parsed });
  return parsed;
}

function located(objects: readonly Sourced<TektonObject>[], locate: Locate): LocatedDeclarations {
  const sources = new Map(objects.map(({ object, source }) => [object, source]));
  return createDeclarations(sources.keys(), (object, path) => {
    const source = sources.get(object);
    return source === undefined ? undefined : locate(source, path);
  });
}

function duplicates(
  objects: readonly Sourced<TektonObject | Secret>[],
  locate: Locate,
): readonly SluiceError[] {
  const first = new Map<string, Sourced<unknown>>();
  const faults: SluiceError[] = [];
  for (const sourced of objects) {
    const identity = identityOf(sourced.object);
    const key = keyOf(identity.kind, identity);
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, sourced);
      continue;
    }
    const { file, line } = locate(other.source, []);
    const values = { ...identity, other: `${file}:${line}`, object: formatIdentity(identity) };
    faults.push(fault("SLUICE_OBJECT_DUPLICATE", values, { at: locate(sourced.source, []) }));
  }
  return faults;
}

function identityOf(object: TektonObject | Secret): Identity {
  if (!("kind" in object)) return { kind: "Secret", namespace: object.namespace, name: object.name };
  return { kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name };
}
