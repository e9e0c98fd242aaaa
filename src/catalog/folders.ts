/** Watching folders: a nudge whenever something in them may have changed, by inotify and by the clock. */

import type { FSWatcher } from "node:fs";
import { watch } from "node:fs";

export interface FolderWatch {
  /** Watches exactly these folders from now on. */
  follow(folders: readonly string[]): void;
  close(): void;
}

export interface WatchOptions {
  /** Milliseconds between nudges that come even when no watcher spoke: network file systems tell nothing. */
  readonly scanMs: number;
  readonly nudge: () => void;
}

// Each one costs the kernel memory, and the clock covers what is not watched.
const MAX_WATCHED = 1_000;

/**
 * Watches each folder by itself rather than recursively: Node's recursive watch does not follow links, reads whole
 * trees that do not concern us, and misses a folder that is replaced. Neither watchers nor clock keep the process alive.
 */
export function watchFolders({ scanMs, nudge }: WatchOptions): FolderWatch {
  const watchers = new Map<string, FSWatcher>();
  const timer = setInterval(nudge, scanMs).unref();

  const drop = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };

  const add = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, nudge);
      // A folder that disappears breaks its watcher; the next look at the disk tells what became of it.
      watcher.on("error", () => {
        drop(folder);
        nudge();
      });
      watchers.set(folder, watcher);
    } catch {
      // Gone meanwhile, or the system has no watches left: the clock remains.
    }
  };

  return {
    follow(folders) {
      // Anew each time: a path may by now lead to another folder than the one that is watched.
      for (const folder of [...watchers.keys()]) drop(folder);
      for (const folder of folders.slice(0, MAX_WATCHED)) add(folder);
    },
    close() {
      clearInterval(timer);
      for (const folder of [...watchers.keys()]) drop(folder);
    },
  };
}
