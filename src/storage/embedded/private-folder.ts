/** A folder that only its owner can enter, read or write: made so, or brought to it, whatever umask it was made under. */

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
} from "node:fs";
import { join } from "node:path";
import { fault } from "../../core/errors.ts";

/** Rights of group and others, and the bits that change whose rights count. */
const OTHERS = 0o7077;

/**
 * Makes a folder of mode 0700, or takes group and others all rights to the one that is there and to what it holds.
 *
 * The outermost folder comes first: once it is closed, nobody else can put anything in the way of the rest. Nothing is
 * changed through a symbolic link.
 *
 * @throws SluiceError SLUICE_CONFIG_INVALID where it is open to others and another user's, or a symbolic link stands in
 *   it or in its place.
 */
export function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Rights are of another kind there, and none of these bits says anything.
  if (process.platform === "win32") return;
  close(folder, constants.O_DIRECTORY);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory() || entry.isFile()) close(path, 0);
    else if (entry.isSymbolicLink()) throw refused(path, "is a symbolic link, which no store holds");
  }
}

function close(path: string, kind: number): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  // A lock that another process is just giving back.
  if (found === undefined) return;
  if (found.isSymbolicLink()) throw refused(path, "is a symbolic link: name the folder that it leads to");
  if ((found.mode & OTHERS) === 0) return;
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | kind);
  try {
    const { mode, uid } = fstatSync(file);
    const own = process.getuid?.();
    if (own !== 0 && uid !== own)
      throw refused(
        path,
        `is open to others (mode ${octal(mode)}) and belongs to user ${uid}, not to ${own}`,
      );
    fchmodSync(file, mode & 0o700);
  } finally {
    closeSync(file);
  }
}

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, "0");

function refused(path: string, what: string): Error {
  const reason = `${path} ${what}; a store is its owner's alone: a folder of mode 0700`;
  return fault("SLUICE_CONFIG_INVALID", { key: "store", reason });
}
