/** A small disk of its own, to be filled to its last page: a tmpfs, which takes root to mount. */

import { spawnSync } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";

export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Fills it to the last page. */
  fill(): void;
  free(): void;
}

/** Why there can be none; undefined where there can. @param size as mount takes it: `64m`. */
export function lacksSmallDisk(size: string): string | undefined {
  using folder = temporaryFolder("sluice-mount-");
  const mounted = mount(folder.path, size);
  if (mounted !== undefined) return `a tmpfs cannot be mounted (${mounted}); run as root, with CAP_SYS_ADMIN`;
  spawnSync("umount", [folder.path]);
  return undefined;
}

/** @param size as {@link lacksSmallDisk}. */
export function mountSmallDisk(size: string): SmallDisk {
  const folder = temporaryFolder("sluice-small-");
  const why = mount(folder.path, size);
  if (why !== undefined) throw new Error(`mount failed: ${why}`);
  const ballast = join(folder.path, "ballast");
  return {
    path: folder.path,
    fill() {
      // Others write at the same time, so the size that is free now says little.
      for (let block = BLOCK; block >= PAGE; block /= 2) appendUntilFull(ballast, block);
    },
    free: () => rmSync(ballast, { force: true }),
    [Symbol.dispose]() {
      spawnSync("umount", [folder.path]);
      folder[Symbol.dispose]();
    },
  };
}

function mount(path: string, size: string): string | undefined {
  const { status, stderr, error } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path], {
    encoding: "utf8",
  });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

const BLOCK = 1_048_576;
/** Of the file system: less fits nowhere. */
const PAGE = 4_096;

function appendUntilFull(path: string, block: number): void {
  try {
    for (;;) appendFileSync(path, Buffer.alloc(block));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
