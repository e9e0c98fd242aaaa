/** Files with something secret that this user alone may read: where they lie, and how they are made whole or not at all. */

import { linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Environment } from "./env.ts";

/** A file of the user's state folder (https://specifications.freedesktop.org/basedir-spec). */
export function stateFile(name: string, env: Environment): string {
  const state = env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
  return join(state, "sluice", name);
}

/**
 * Makes a file of mode 0600, and its folder of mode 0700 where there is none. A file that is there by then stays: it is
 * linked into place when complete, so that of two processes that start together both read what one wrote.
 *
 * @throws Error of node:fs where it cannot be written.
 */
export function makePrivateFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** True for an error of node:fs with this code. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
