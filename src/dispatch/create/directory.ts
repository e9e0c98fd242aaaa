/** The directory target: one YAML file per object, for trying Sluice without a cluster and for GitOps repositories. */

import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, stat, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Document, parse, visit } from "yaml";
import { fault, reasonOf } from "../../core/errors.ts";
import type { CreateAnswer, CreateJob, KubernetesObject, Target } from "../../core/job.ts";
import type { JsonObject } from "../../core/json.ts";
import { isJsonObject } from "../../core/json.ts";
import { failed, failedBy } from "./failure.ts";
import { fileNames, groupOf, safePart } from "./file-name.ts";
import { isMadeBy } from "./ours.ts";

/** A file that is larger was not written by us. */
const MAX_FILE = 16 * 1024 * 1024;

/** @param options.dir folder for `<namespace>/<kind>-<name>.yaml`; made when it is not there. */
export function createDirectoryTarget({ dir }: { readonly dir: string }): Target {
  const root = resolve(dir);

  async function create(object: KubernetesObject, job: CreateJob): Promise<CreateAnswer> {
    const { apiVersion, kind, metadata } = object;
    const { name } = metadata;
    const namespace = metadata.namespace || job.trigger.namespace;
    const folder = join(root, safePart(namespace));
    const run = { apiVersion, kind, namespace, name };
    const text = yamlOf(object);
    for (const file of fileNames(object, name)) {
      const where = join(folder, file);
      if (await writeNew(folder, where, text)) {
        return { outcome: "created", run: { ...run, where, outcome: "created" } };
      }
      const there = await readObject(where);
      if (isSameObject(there, object)) {
        if (isMadeBy(there.metadata, job)) {
          return { outcome: "exists", run: { ...run, where, outcome: "exists" } };
        }
        break;
      }
    }
    return failed(fault("SLUICE_CREATE_CONFLICT", { kind, name }));
  }

  return {
    name: `directory ${dir}`,
    create: (object, job) => create(object, job).catch((error: unknown) => failedBy(unwritable(root, error))),
    async ready() {
      try {
        const probe = join(root, `.${randomUUID()}.tmp`);
        await mkdir(root, { recursive: true, mode: 0o700 });
        await (await open(probe, "wx", 0o600)).close();
        await unlink(probe);
      } catch (error) {
        throw unwritable(root, error);
      }
    },
    close: async () => {},
  };
}

/**
 * Writes a file that must not exist yet, whole or not at all, and on disk when it resolves.
 *
 * @returns false when it exists.
 */
async function writeNew(folder: string, path: string, text: string): Promise<boolean> {
  const temporary = join(folder, `.${randomUUID()}.tmp`);
  // Rendered objects hold what the event said: they are this user's to pass on.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    // A link, unlike a rename, fails when the name is taken: of two writers one wins, and no check can be too early.
    await link(temporary, path);
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await file.close();
    await unlink(temporary).catch(() => {});
  }
  await syncFolder(folder);
  return true;
}

/** The name is durable only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * YAML that readers of 1.1 (kubectl) and of 1.2 understand alike: the library quotes what 1.1 would take for something
 * else than text; what only 1.2 would, all of it numbers, is quoted here.
 */
function yamlOf(object: KubernetesObject): string {
  const document = new Document(object, { version: "1.1", aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === "string" && /^[-+.\d][^\n]*$/.test(node.value)) node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** What a file holds; an empty object when it is none. */
async function readObject(path: string): Promise<JsonObject> {
  const { size } = await stat(path);
  if (size > MAX_FILE) return {};
  const text = await readFile(path, "utf8");
  try {
    const value: unknown = parse(text, { version: "1.1", maxAliasCount: 0 });
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isSameObject(there: JsonObject, object: KubernetesObject): boolean {
  const { apiVersion, kind, metadata } = there;
  if (typeof apiVersion !== "string" || !isJsonObject(metadata)) return false;
  const sameKind = kind === object.kind && groupOf(apiVersion) === groupOf(object.apiVersion);
  return sameKind && metadata.name === object.metadata.name;
}

function unwritable(path: string, error: unknown): Error {
  return fault("SLUICE_CREATE_DIRECTORY", { path, reason: reasonOf(error) }, { cause: error });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
