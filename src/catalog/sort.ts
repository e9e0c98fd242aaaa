/** Files that were read, sorted: documents to make objects of, files to pass over, and files that are broken. */

import { basename } from "node:path";
import type { SluiceError } from "../core/errors.ts";
import { readKustomize } from "./kustomize.ts";
import { salvage } from "./salvage.ts";
import { isOurs, passedOver, toolOf, unrendered } from "./sources.ts";
import type { ParsedFile, SourceDocument, SourceFile } from "./yaml.ts";

/** A file with what its parser made of it. */
export interface ReadText {
  readonly file: SourceFile;
  readonly parsed: ParsedFile;
  /** Named by the user himself. */
  readonly named: boolean;
  /** What stood in it when it was read last. */
  readonly before?: string;
}

/** A file of ours with documents that cannot be parsed. */
export interface BrokenFile {
  readonly file: SourceFile;
  readonly fault: SluiceError;
}

export interface SortedTexts {
  readonly documents: readonly SourceDocument[];
  readonly ours: readonly BrokenFile[];
  /** Why files of others cannot be read; each is a warning as well. */
  readonly broken: readonly SluiceError[];
  readonly faults: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
  /** Faults that may hide listeners: their names cannot be read. */
  readonly unread: readonly SluiceError[];
}

const OTHERS = "no file of Tekton Triggers";
const MOVE = "Nothing to do if it is somebody else's; keep it elsewhere to be rid of this line.";

/** @param unreadable files that are too large or no text, with what could be read of them. */
export function sortTexts(
  texts: readonly ReadText[],
  unreadable: readonly { readonly fault: SluiceError; readonly remains: string }[],
): SortedTexts {
  const documents: SourceDocument[] = [];
  const ours: BrokenFile[] = [];
  const broken: SluiceError[] = [];
  const faults: SluiceError[] = [];
  const warnings: SluiceError[] = [];
  const unread: SluiceError[] = [];
  const { changing, patches } = readKustomize(texts.flatMap(({ parsed }) => parsed.documents));
  for (const { fault, remains } of unreadable) {
    const { at, values } = fault;
    if (!isOurs(remains)) {
      warnings.push(passedOver(at?.file ?? "", `${values["reason"]}; it is ${OTHERS}`, MOVE));
      continue;
    }
    faults.push(fault);
    unread.push(fault);
  }
  for (const { file, parsed, named, before } of texts) {
    const by = patches.get(file.path);
    const fields = changing.get(file.path);
    if (by !== undefined) {
      const cure = `Build it (\`kubectl kustomize <folder>\`) and name what comes out.`;
      warnings.push(passedOver(file.path, `a patch of ${by}`, cure));
      continue;
    }
    if (fields !== undefined) {
      const reason = `${basename(file.path)} changes what it lists (${fields.join(", ")}), and is not built here`;
      const cure =
        "The listed files are read as they stand. Build it (`kubectl kustomize <folder>`) and name what comes out.";
      warnings.push(passedOver(file.path, reason, cure));
    }
    documents.push(...parsed.documents);
    const [fault] = parsed.faults;
    if (fault === undefined) continue;
    const tool = toolOf(file.text);
    const mine = isOurs(file.text) || (before !== undefined && isOurs(before));
    const line = fault.at?.line ?? 1;
    if (mine && tool !== undefined) faults.push(unrendered(file, tool, line));
    else if (mine || (named && tool === undefined)) {
      faults.push(...parsed.faults);
      if (mine) ours.push({ file, fault });
      if (!isOurs(file.text) || salvage(file).hidesListeners) unread.push(fault);
    } else {
      const reason =
        tool === undefined ? `it is ${OTHERS}, and no valid YAML: ${fault.values["reason"]}` : tool.what;
      broken.push(fault);
      warnings.push(passedOver(file.path, reason, MOVE, line));
    }
  }
  return { documents, ours, broken, faults, warnings, unread };
}
