/** YAML and JSON files into values, and from a field's path back to its line and column. */

import type { Document, Node } from "yaml";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";
import type { SluiceError, SourcePosition } from "../core/errors.ts";
import { fault, reasonOf } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import type { Path } from "./findings.ts";
import { documentValue, YamlProblem } from "./yaml-value.ts";

export interface SourceFile {
  /** As people know it; stands in faults. */
  readonly path: string;
  readonly text: string;
}

/** One document of a file. */
export interface SourceDocument {
  readonly file: SourceFile;
  /** Position among the file's documents, from 0. */
  readonly index: number;
  readonly value: JsonValue;
}

export interface ParsedFile {
  readonly documents: readonly SourceDocument[];
  readonly faults: readonly SluiceError[];
}

/** Where a value came from: a document and the path inside it at which the object stands (`items[2]` of a List). */
export interface Source {
  readonly file: SourceFile;
  readonly document: number;
  readonly path: Path;
}

/** Finds positions; reads a file a second time for it, because nearly no object ever needs one. */
export type Locate = (source: Source, path: Path) => SourcePosition;

/**
 * Parses all documents of a file; empty ones are left out.
 *
 * @returns the documents without faults, and a SLUICE_YAML_SYNTAX for each of the others.
 */
export function parseYaml(file: SourceFile): ParsedFile {
  const documents: SourceDocument[] = [];
  const faults: SluiceError[] = [];
  const { parsed, lines, problem } = parse(file.text);
  if (problem !== undefined) return { documents, faults: [syntaxFault(problem, { file, lines, offset: 0 })] };
  for (const [index, document] of parsed.entries()) {
    const [error] = document.errors;
    if (error !== undefined) {
      faults.push(syntaxFault(readable(error.message), { file, lines, offset: error.pos[0] }));
      continue;
    }
    try {
      if (document.contents !== null) documents.push({ file, index, value: documentValue(document) });
    } catch (error) {
      const offset = error instanceof YamlProblem ? error.offset : 0;
      faults.push(syntaxFault(readable(reasonOf(error)), { file, lines, offset }));
    }
  }
  return { documents: documents.filter(({ value }) => value !== null), faults };
}

/** Makes a {@link Locate} that remembers the last file it looked at. */
export function createLocate(): Locate {
  let last:
    | { readonly file: SourceFile; readonly documents: readonly Document[]; readonly lines: LineCounter }
    | undefined;
  return (source, path) => {
    if (last?.file !== source.file) {
      const { parsed, lines } = parse(source.file.text);
      last = { file: source.file, documents: parsed, lines };
    }
    const contents = last.documents[source.document]?.contents as Node | null | undefined;
    return positionAt(source.file, last.lines, offsetOf(contents ?? null, [...source.path, ...path]));
  };
}

interface Parsed {
  readonly parsed: readonly Document.Parsed[];
  readonly lines: LineCounter;
  readonly problem?: string;
}

function parse(text: string): Parsed {
  const lines = new LineCounter();
  try {
    const parsed = parseAllDocuments(text, {
      // Scalars stay text: yaml-scalar.ts reads them as kubectl does.
      schema: "failsafe",
      // Checked while values are built; the parser's own check takes quadratic time.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "silent",
      lineCounter: lines,
    });
    return { parsed: Array.isArray(parsed) ? parsed : [], lines };
  } catch (error) {
    return { parsed: [], lines, problem: readable(reasonOf(error)) };
  }
}

/** The deepest node on the path that exists; of a map's entry its key. */
function offsetOf(contents: Node | null, path: Path): number {
  let node = contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    const next = isAlias(node) ? undefined : childAt(node, step);
    if (next === undefined) break;
    offset = next.offset ?? offset;
    node = next.node;
  }
  return offset;
}

function childAt(
  node: Node | null,
  step: string | number,
): { node: Node | null; offset: number | undefined } | undefined {
  if (isSeq(node) && typeof step === "number") {
    const item = node.items[step] as Node | null | undefined;
    return item === undefined ? undefined : { node: item, offset: item?.range?.[0] };
  }
  if (!isMap(node)) return undefined;
  // A field's name may be written in another case than its path has it.
  const wanted = String(step).toLowerCase();
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value).toLowerCase() === wanted);
  if (pair === undefined) return undefined;
  return { node: pair.value as Node | null, offset: (pair.key as Node).range?.[0] };
}

function syntaxFault(
  reason: string,
  at: { readonly file: SourceFile; readonly lines: LineCounter; readonly offset: number },
): SluiceError {
  const place = positionAt(at.file, at.lines, at.offset);
  const odd = oddSpace(at.file.text.split("\n", place.line).slice(-2).join("\n"));
  const more = odd === undefined ? "" : `; near it stands ${odd}, which is no space for YAML`;
  return fault("SLUICE_YAML_SYNTAX", { reason: `${reason}${more}` }, { at: place });
}

/** Signs that web pages put in the place of spaces. */
function oddSpace(text: string): string | undefined {
  const [sign] = /[\u00a0\u2000-\u200b\u202f\u3000]/u.exec(text) ?? [];
  if (sign === undefined) return undefined;
  return `U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")} (a no-break or wide space)`;
}

function positionAt(file: SourceFile, lines: LineCounter, offset: number): SourcePosition {
  const { line, col } = lines.linePos(offset);
  return { file: file.path, line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** A parser's message for people: it recurses, and tells of a full stack in the engine's words. */
function readable(message: string): string {
  if (/call stack|string length/i.test(message)) return "nested too deeply";
  // Some messages end with a piece of the file, which may be a secret.
  const short = message.replace(/: ".*$/s, "").slice(0, 300);
  const [, hint] = YAML_HINTS.find(([start]) => short.startsWith(start)) ?? [];
  return hint === undefined ? short : `${short}: ${hint}`;
}

/** What people mostly did, by how the parser's message begins. */
const YAML_HINTS: readonly (readonly [start: string, hint: string])[] = [
  [
    "Unexpected scalar at node end",
    "a quote ends the text before it; write the other kind of quotes inside of it, or the text behind | on lines of its own",
  ],
  ["Nested mappings are not allowed in compact mappings", 'a text that holds ": " has to stand in quotes'],
  [
    "Implicit keys need to be on a single line",
    'a "key: value" is wanted here; documents are separated by ---',
  ],
  [
    "Implicit map keys need to be followed by map values",
    "a colon is missing, or a line is not indented as its neighbours",
  ],
  ["Tabs are not allowed as indentation", "write spaces"],
  ["All mapping items must start at the same column", "indent the fields of one object alike"],
  ["All collection items must start at the same column", "indent the fields of one object alike"],
  ["Unexpected flow-", "a text with brackets or braces inside of [ ] or { } has to stand in quotes"],
  ["Missing closing", "a text that holds quotes has to stand in the other kind of them"],
];
