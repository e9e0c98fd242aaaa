/** This user's own token on this machine: a gateway makes it, the command line finds it, nobody else can read it. */

import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fault, reasonOf } from "../core/errors.ts";
import type { Environment } from "./env.ts";
import { makePrivateFile, stateFile } from "./private-file.ts";
import type { Settings } from "./schema.ts";
import { token as tokenText } from "./values.ts";

/** Where this user's own token lies: beside an embedded store, else under the user's state folder. */
export function localTokenFile({ store }: Pick<Settings, "store">, env: Environment): string {
  if (store.startsWith("embedded:")) return join(store.slice("embedded:".length), "admin-token");
  return stateFile("admin-token", env);
}

/** Reads this user's token; undefined when there is none, or others than its owner may read or write the file. */
export function readLocalToken(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    const { mode, uid } = fstatSync(file);
    const own = process.getuid === undefined || uid === process.getuid();
    if (!own || (process.platform !== "win32" && (mode & 0o077) !== 0)) return undefined;
    const read = tokenText.safeParse(readFileSync(file, "utf8").slice(0, 1_024));
    return read.success ? read.data : undefined;
  } finally {
    closeSync(file);
  }
}

/**
 * This user's token, made when there is none yet; mode 0600.
 *
 * @throws SluiceError SLUICE_CONFIG_INVALID when it cannot be written.
 */
export function keepLocalToken(path: string): string {
  try {
    const known = readLocalToken(path);
    if (known !== undefined) return known;
    rmSync(path, { force: true });
    makePrivateFile(path, `${randomBytes(32).toString("base64url")}\n`);
    const made = readLocalToken(path);
    if (made === undefined) throw new Error("it is not this user's alone");
    return made;
  } catch (error) {
    const reason = `the token file ${path} cannot be kept, so there is no local token: ${reasonOf(error)}`;
    const cure =
      "Give a token in SLUICE_ADMIN_TOKEN, or tokens in a file with --admin-tokens; or let this user write there.";
    throw fault("SLUICE_CONFIG_INVALID", { key: "adminToken", reason, cure }, { cause: error });
  }
}
