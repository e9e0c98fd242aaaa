/** The keys of the store: from a setting, or from a file that its owner alone can read; made where there is none. */

import { randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fault, reasonOf } from "../core/errors.ts";
import type { StoreKeys } from "../core/integrity.ts";
import { createKeyring } from "../core/keyring.ts";
import type { Environment } from "./env.ts";
import type { Settings } from "./schema.ts";
import { storeKeys as keysIn } from "./values.ts";

const MAX_BYTES = 8_192;

type KeySettings = Pick<Settings, "store" | "storeKey" | "storeKeyFile" | "storeIntegrity" | "encryptBodies">;

/**
 * Where the keys lie when no setting holds them: beside an embedded store, never in it; else under the user's state
 * folder (https://specifications.freedesktop.org/basedir-spec), one file for all stores.
 */
export function storeKeyFile(
  { store, storeKeyFile: named }: Pick<Settings, "store" | "storeKeyFile">,
  env: Environment,
): string {
  if (named !== undefined) return named;
  if (store.startsWith("embedded:")) return `${resolve(store.slice("embedded:".length))}.key`;
  const state = env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
  return join(state, "sluice", "store-key");
}

/**
 * The keys of the store.
 *
 * @param make whether a file that is not there is made, with one key, mode 0600.
 * @returns undefined when there is none and none is made.
 * @throws SluiceError SLUICE_CONFIG_INVALID when the file holds something else, others may read it, or it cannot be made.
 */
export function loadStoreKeys(settings: KeySettings, env: Environment, make: boolean): StoreKeys | undefined {
  const { storeKey, storeIntegrity, encryptBodies } = settings;
  const secrets = storeKey ?? readKeys(storeKeyFile(settings, env), make);
  if (secrets === undefined) return undefined;
  return {
    keyring: createKeyring(secrets),
    adopt: storeIntegrity === "adopt",
    encrypt: encryptBodies,
  };
}

function readKeys(path: string, make: boolean): readonly [string, ...string[]] | undefined {
  try {
    const known = read(path);
    if (known !== undefined || !make) return known;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const draft = `${path}.${process.pid}`;
    // Linked into place when complete: of two that start together, both read the key of one.
    writeFileSync(draft, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
    try {
      linkSync(draft, path);
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    return read(path);
  } catch (error) {
    const reason = `${path}: ${reasonOf(error)}; name a file with --store-key-file, or give the key itself in SLUICE_STORE_KEY`;
    throw fault("SLUICE_CONFIG_INVALID", { key: "storeKeyFile", reason }, { cause: error });
  }
}

function read(path: string): readonly [string, ...string[]] | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    const { mode, size } = fstatSync(file);
    // A cluster mounts Secrets for a group; nobody but the owner ever writes.
    if (process.platform !== "win32" && (mode & 0o027) !== 0) {
      const now = (mode & 0o777).toString(8).padStart(4, "0");
      throw new Error(
        `others may read or write it (mode ${now}): make it 0600, or 0440 where a cluster mounts it`,
      );
    }
    const found = keysIn.safeParse(size > MAX_BYTES ? "" : readFileSync(file, "utf8"));
    if (!found.success)
      throw new Error("it holds no keys: one to eight, a line each, of 32 to 512 printable characters");
    return found.data;
  } finally {
    closeSync(file);
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
