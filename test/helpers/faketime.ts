/** A wrong wall clock for one process, by Debian's libfaketime: what measures spans of time, and timers, go on as ever. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureProgram } from "./programs.ts";

const LIBRARIES = "/usr/lib";

/**
 * What to add to a process's environment.
 *
 * @param by as libfaketime takes it: `+15d`, `-1h`.
 * @throws Error that says what to install.
 */
export function wrongClock(by: string): Readonly<Record<string, string>> {
  ensureProgram("faketime", "faketime");
  const library = readdirSync(LIBRARIES)
    .map((architecture) => join(LIBRARIES, architecture, "faketime/libfaketime.so.1"))
    .find((path) => existsSync(path));
  if (library === undefined) throw new Error(`faketime is installed, but ${LIBRARIES} has no libfaketime`);
  return { LD_PRELOAD: library, FAKETIME: by, FAKETIME_DONT_FAKE_MONOTONIC: "1" };
}
