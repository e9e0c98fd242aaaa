/** Identities out of YAML that cannot be parsed: which objects a broken file would have declared. */

import type { JsonObject, JsonValue } from "../core/json.ts";
import { isJsonObject } from "../core/json.ts";
import { TEKTON_GROUP } from "./admit.ts";
import type { SourceFile } from "./yaml.ts";
import { parseYaml } from "./yaml.ts";

/** What is left of a document: kind and metadata, as an object without a spec. */
export interface Salvaged {
  readonly objects: readonly JsonObject[];
  /** Whether the text declares listeners whose names cannot be read: any path may be theirs. */
  readonly hidesListeners: boolean;
}

const KIND = /^["']?kind["']?[ \t]*:[ \t]*["']?([A-Za-z]+)/m;
const ANY_LISTENER = /["']?kind["']?[ \t]*:[ \t]*["']?EventListener\b/g;
const NAME = /^[ \t]+["']?(name|namespace)["']?[ \t]*:[ \t]*["']?([a-z0-9][a-z0-9.-]*)["']?[ \t]*\r?$/gm;

/** Looks document by document for a Tekton kind or a Secret and its metadata, whatever else the text is. */
export function salvage({ path, text }: SourceFile): Salvaged {
  const objects = text
    .split(/^---.*$/m)
    .map((part) => salvaged(part, path))
    .filter((one) => one !== undefined);
  const found = objects.filter((object) => object["kind"] === "EventListener").length;
  return { objects, hidesListeners: (text.match(ANY_LISTENER) ?? []).length > found };
}

function salvaged(part: string, path: string): JsonObject | undefined {
  const kind = KIND.exec(part)?.[1];
  if (kind === undefined || !(kind === "Secret" || part.includes(`${TEKTON_GROUP}/`))) return undefined;
  const metadata = metadataOf(part, path);
  return typeof metadata["name"] === "string" ? { kind, metadata } : undefined;
}

/** The block under `metadata:`, parsed by itself; where that fails too, name and namespace as they are usually written. */
function metadataOf(part: string, path: string): JsonObject {
  const block = /^["']?metadata["']?[ \t]*:.*(?:\r?\n(?:[ \t]+.*)?)*/m.exec(part)?.[0] ?? "";
  const value: JsonValue = parseYaml({ path, text: block }).documents[0]?.value ?? null;
  const metadata = isJsonObject(value) ? Object.values(value)[0] : undefined;
  if (isJsonObject(metadata ?? null)) return metadata as JsonObject;
  // The first of each: those of labels and owners come later.
  const fields = [...block.matchAll(NAME)].map(([, key = "", name = ""]) => [key, name] as const);
  return Object.fromEntries(fields.toReversed());
}
