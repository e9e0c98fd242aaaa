/** Programs that tests need from the machine: found on PATH, else installed from Debian's packages, else a clear failure. */

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/**
 * Finds a program, installing its Debian package when root and apt-get are there.
 *
 * @param name the executable, for example `redis-server`.
 * @param pkg the Debian package that holds it.
 * @param folders where else to look, for programs that Debian keeps off PATH.
 * @returns the path of the executable.
 * @throws Error that says what to install, and how.
 */
export function ensureProgram(
  name: string,
  pkg: string,
  folders: () => readonly string[] = () => [],
): string {
  const found = lookFor(name, folders());
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && lookFor("apt-get", []) !== undefined) {
    // Test files run side by side, and apt-get waits for no other: they install one after the other.
    const lock = join(tmpdir(), "sluice-tests-apt.lock");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const script = `command -v "$0" || { apt-get update -q; apt-get install -y -q --no-install-recommends "$1"; }`;
    spawnSync("flock", [lock, "sh", "-c", script, name, pkg], { encoding: "utf8", env });
    const installed = lookFor(name, folders());
    if (installed !== undefined) return installed;
  }
  throw new Error(
    `this test needs ${name}: install it with \`apt-get install ${pkg}\` (as root) and run again`,
  );
}

function lookFor(name: string, folders: readonly string[]): string | undefined {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin", ...folders]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here
    }
  }
  return undefined;
}
