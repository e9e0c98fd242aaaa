/** An older Sluice from the project's own history, to run beside the one at hand on the same store. */

import { spawnSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";
import { ROOT } from "./process.ts";

/** The last commit of version 0.1. */
export const VERSION_0_1 = "e7bd746abb959f91d70551c0b28a6c3d7620cb75";

export interface OldVersion extends Disposable {
  /** Its folder: `src/cli/run.ts` in it is its command line. */
  readonly root: string;
}

/** Why an older version cannot be had here; undefined where it can. A shallow clone or an archive has no history. */
export function lacksHistory(commit: string): string | undefined {
  const found = spawnSync("git", ["-C", ROOT, "cat-file", "-e", `${commit}^{commit}`], { encoding: "utf8" });
  if (found.status === 0) return undefined;
  const why = found.error?.message ?? found.stderr.trim();
  return `history lacks ${commit.slice(0, 7)} (${why}): \`git fetch --unshallow\`, or clone without --depth`;
}

/** Lays a commit's files into a folder of their own; the packages are those of the version at hand. */
export function checkOut(commit: string): OldVersion {
  const folder = temporaryFolder("sluice-old-");
  const script = `git -C "$1" archive "$2" src interceptors package.json tsconfig.json | tar -x -C "$3"`;
  const done = spawnSync("sh", ["-ec", script, "sh", ROOT, commit, folder.path], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`git archive failed: ${done.stderr}${done.error ?? ""}`);
  symlinkSync(join(ROOT, "node_modules"), join(folder.path, "node_modules"));
  return { root: folder.path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}
