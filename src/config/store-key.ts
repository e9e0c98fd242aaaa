/** The keys of the store: from a setting, or from a file that its owner alone can read; made where there is none. */

import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fault, reasonOf } from "../core/errors.ts";
import type { StoreKeys } from "../core/integrity.ts";
import { createKeyring } from "../core/keyring.ts";
import type { Environment } from "./env.ts";
import { isCode, makePrivateFile, stateFile } from "./private-file.ts";
import type { Settings } from "./schema.ts";
import { storeKeys as keysIn } from "./values.ts";

const MAX_BYTES = 8_192;

type KeySettings = Pick<Settings, "store" | "storeKey" | "storeKeyFile" | "storeIntegrity" | "encryptBodies">;

/**
 * Where the keys lie when no setting holds them: beside an embedded store, never in it; else under the user's state
 * folder, one file for all stores.
 */
export function storeKeyFile(
  { store, storeKeyFile: named }: Pick<Settings, "store" | "storeKeyFile">,
  env: Environment,
): string {
  if (named !== undefined) return named;
  if (store.startsWith("embedded:")) return `${resolve(store.slice("embedded:".length))}.key`;
  return stateFile("store-key", env);
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
    makePrivateFile(path, `${randomBytes(32).toString("base64url")}\n`);
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
