/** What the folder of an embedded store must have: room on its disk, and the right to write there. */

import { access, constants, statfs } from "node:fs/promises";
import type { Check } from "../../core/check.ts";
import { reasonOf } from "../../core/errors.ts";
import type { Room } from "../../core/store.ts";
import type { Judge } from "../survey.ts";
import { degraded, failed, ok, surveyChecks } from "../survey.ts";

export interface FolderSurvey {
  /** Bytes that this process may still write. */
  readonly free: number;
  /** Why the folder cannot be written to; undefined when it can. */
  readonly refusal: string | undefined;
}

/** Below this a person should look; a day of deliveries on a busy organisation needs about as much. */
const ROOM = 200 * 1_048_576;
/** Below this there may be no room for SQLite's log (16 MiB between two checkpoints) and what it becomes; writes would be refused. */
const LAST_ROOM = 48 * 1_048_576;

/** @throws NodeJS.ErrnoException when the folder is gone. */
export async function surveyFolder(folder: string): Promise<FolderSurvey> {
  const [{ bavail, bsize }, refusal] = await Promise.all([
    statfs(folder),
    access(folder, constants.W_OK).then(() => undefined, reasonOf),
  ]);
  return { free: bavail * bsize, refusal };
}

/** How full the disk of a folder is, for those who may not use what is kept for the system. */
export async function roomOfDisk(folder: string): Promise<Room> {
  const { blocks, bavail, bsize } = await statfs(folder);
  return { used: (blocks - bavail) * bsize, size: blocks * bsize, shared: true };
}

/** Makes the checks of an embedded store. What is forced to disk is this program's own doing, and needs no check. */
export function folderChecks(folder: string): readonly Check[] {
  return surveyChecks(() => surveyFolder(folder), FOLDER_JUDGES);
}

export const FOLDER_JUDGES = {
  "store-disk": ({ free }) => {
    const message = `${Math.floor(free / 1_048_576)} MiB free`;
    if (free >= ROOM) return ok(message);
    const fix = "Make room on the disk of the folder that --store names.";
    return free >= LAST_ROOM ? degraded(message, fix) : failed(message, fix);
  },
  "store-folder": ({ refusal }) =>
    refusal === undefined
      ? ok("writable")
      : failed(`cannot be written to: ${refusal}`, "Give this process the right to write there."),
} as const satisfies Readonly<Record<string, Judge<FolderSurvey>>>;
