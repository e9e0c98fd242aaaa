/** Runs from files: what `kubectl get -o yaml` wrote, or the directory target. */

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { readRun, type ShadowRun } from "../admin/shadow/index.ts";
import { fault, reasonOf } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { isJsonObject, ownValue } from "../core/json.ts";

/** Larger ones are no list of runs that a person compares. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Reads every object that a trigger made from a file, or from all YAML and JSON files below a folder.
 *
 * @throws SluiceError SLUICE_CONFIG_MISSING, SLUICE_CONFIG_INVALID naming the file.
 */
export async function runsOfFiles(path: string): Promise<readonly ShadowRun[]> {
  const runs: ShadowRun[] = [];
  for (const file of await filesOf(path)) {
    for (const object of await objectsOf(file)) {
      const run = readRun(object);
      if (run !== undefined) runs.push(run);
    }
  }
  return runs;
}

async function filesOf(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path, { recursive: true });
    return names
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch {
    throw fault("SLUICE_CONFIG_MISSING", { path });
  }
}

async function objectsOf(file: string): Promise<readonly JsonObject[]> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, at most ${MAX_BYTES} are read`);
    return parseAllDocuments(await readFile(file, "utf8"), { version: "1.1", merge: false }).flatMap(
      (document) => {
        const [error] = document.errors;
        if (error !== undefined) throw error;
        return itemsOf(document.toJS({ maxAliasCount: 0 }));
      },
    );
  } catch (error) {
    throw fault("SLUICE_CONFIG_INVALID", { key: file, reason: reasonOf(error) }, { cause: error });
  }
}

/** An object, or the objects of a List. */
function itemsOf(value: unknown): readonly JsonObject[] {
  if (!isJsonObject(value)) return [];
  const items = ownValue(value, "items");
  return Array.isArray(items) ? items.filter(isJsonObject) : [value];
}
