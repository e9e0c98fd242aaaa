/** The lock file of an embedded store: one process at a time; a dead process's lock does not bind, nor that of another folder. */

import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fault } from "../../core/errors.ts";

/** What the lock file says of its holder; `admin` is where the holder's admin server listens, so that others can ask it. */
export interface LockHolder {
  readonly pid: number;
  readonly admin: string;
  /** When the process started, as /proc tells it; absent where there is no /proc. */
  readonly started?: string;
  /** Device and inode of the folder that is held: in a copy of the folder the lock names the original. */
  readonly folder?: string;
}

export const LOCK_FILE = "sluice.lock";

/** A lock that is held: call it to give it back; doing it twice does nothing. */
export interface Lock {
  (): void;
  /** Writes another admin address into the lock: a port of 0 is known only when it listens. */
  announce(admin: string): void;
}

/**
 * Takes the lock of a folder.
 *
 * @param admin address of this process's admin server, for whoever finds the store taken.
 * @returns gives the lock back.
 * @throws SluiceError SLUICE_STORE_BUSY with path, pid and admin of the holder.
 */
export function takeLock(folder: string, admin: string): Lock {
  const path = join(folder, LOCK_FILE);
  const started = startOf(process.pid);
  const holder: LockHolder = {
    ...{ pid: process.pid, admin, folder: identityOf(folder) },
    ...(started === undefined ? {} : { started }),
  };
  let text = JSON.stringify(holder);
  // Linked into place when complete, so nobody ever reads half a lock.
  const draft = `${path}.${process.pid}.${process.hrtime.bigint()}`;
  writeFileSync(draft, text, { flag: "wx", mode: 0o600 });
  try {
    if (!placed(draft, path)) {
      const found = readLock(folder);
      if (found !== undefined && isOf(found, folder) && alive(found)) throw busy(folder, found);
      removeDead(path, found);
      if (!placed(draft, path)) throw busy(folder, readLock(folder));
    }
  } finally {
    rmSync(draft, { force: true });
  }
  const held = () => readText(path) === text;
  const release = () => {
    if (held()) rmSync(path, { force: true });
  };
  const announce = (admin: string) => {
    if (!held()) return;
    text = JSON.stringify({ ...holder, admin });
    writeFileSync(draft, text, { flag: "wx", mode: 0o600 });
    renameSync(draft, path);
  };
  return Object.assign(release, { announce });
}

/** Who holds the folder's lock, dead or alive; undefined when nobody does or the file cannot be understood. */
export function readLock(folder: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, LOCK_FILE), "utf8"));
    if (typeof value !== "object" || value === null) return undefined;
    const { pid, admin, started, folder: held } = value as Record<string, unknown>;
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 0) return undefined;
    return {
      pid,
      admin: typeof admin === "string" ? admin : "",
      ...(typeof started === "string" ? { started } : {}),
      ...(typeof held === "string" ? { folder: held } : {}),
    };
  } catch {
    return undefined;
  }
}

function placed(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** A folder keeps both when it is moved, and a copy shares neither; a snapshot of a volume has another device. */
function identityOf(folder: string): string {
  const { dev, ino } = statSync(folder, { bigint: true });
  return `${dev}:${ino}`;
}

/** Versions before 0.2 named no folder: their lock is taken for this one's. */
const isOf = (holder: LockHolder, folder: string): boolean =>
  holder.folder === undefined || holder.folder === identityOf(folder);

/** Moves a dead process's lock away; puts it back when somebody else was faster and it is a living one's by now. */
function removeDead(path: string, expected: LockHolder | undefined): void {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = readText(aside);
  if (moved !== undefined && expected !== undefined && !sameHolder(moved, expected)) placed(aside, path);
  rmSync(aside, { force: true });
}

function sameHolder(text: string, holder: LockHolder): boolean {
  const { pid, started } = JSON.parse(text) as LockHolder;
  return pid === holder.pid && started === holder.started;
}

function alive(holder: LockHolder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives, but is not ours.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const fields = statOf(holder.pid);
  if (DEAD.has(fields?.[0] ?? "")) return false;
  // In containers every process is number 1: the time of its start tells them apart.
  const started = fields?.[START];
  return started === undefined || holder.started === undefined || started === holder.started;
}

/**
 * States of proc(5). Z: it has ended, and its parent has not asked how; a container's first process may never ask. X, and x
 * before Linux 3.13: it is just being removed.
 */
const DEAD: ReadonlySet<string> = new Set(["Z", "X", "x"]);

/** Where, from the third field on, the start stands: in clock ticks since boot (field 22). */
const START = 19;

/** The fields of /proc/<pid>/stat from the third (the state) on, proc(5). The name in field 2 may hold spaces and `)`. */
function statOf(pid: number): readonly string[] | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
}

const startOf = (pid: number): string | undefined => statOf(pid)?.[START];

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function busy(folder: string, holder: LockHolder | undefined) {
  return fault("SLUICE_STORE_BUSY", {
    path: folder,
    pid: String(holder?.pid ?? "unknown"),
    admin: holder?.admin ?? "",
  });
}
