/** Where an export is written: a file for its owner alone, begun or gone on with, or standard output. */

import { once } from "node:events";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { isCode } from "../config/index.ts";
import { reasonOf } from "../core/errors.ts";
import { type Begun, findEnd, linesOf, START } from "../storage/backup/index.ts";
import { misused } from "./verb.ts";

export interface ExportFile {
  /** What is in it already. */
  readonly begun: Begun;
  write(text: string): Promise<void>;
  /** Forces what was written to disk. */
  close(): Promise<void>;
}

const NOTHING_YET: Begun = { ...START, bytes: 0, whole: false };

/** @throws SluiceError SLUICE_ARGUMENT_INVALID; with `resume` also for what findEnd throws. */
export async function openExport(
  path: string,
  resume: boolean,
  stdout: Pick<NodeJS.WriteStream, "write" | "once">,
): Promise<ExportFile> {
  if (path === "-") {
    if (resume) throw misused("--resume", "goes on with a file; standard output has none to look at");
    return {
      begun: NOTHING_YET,
      async write(text) {
        if (!stdout.write(text)) await once(stdout as NodeJS.WriteStream, "drain");
      },
      close: async () => {},
    };
  }
  const file = await opened(path, resume);
  try {
    // By its path: whoever stops reading a stream of the handle closes the handle.
    const begun = resume ? await findEnd(linesOf(createReadStream(path))) : NOTHING_YET;
    if (resume) {
      // It holds bodies of deliveries, whoever made it before us.
      await file.chmod(0o600);
      if (!begun.whole) await file.truncate(begun.bytes);
    }
    let at = begun.bytes;
    return {
      begun,
      async write(text) {
        const bytes = Buffer.from(text);
        for (let done = 0; done < bytes.length; ) {
          const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
          done += bytesWritten;
        }
        at += bytes.length;
      },
      async close() {
        await file.sync();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function opened(path: string, resume: boolean): Promise<FileHandle> {
  try {
    return await open(path, resume ? "r+" : "wx", 0o600);
  } catch (error) {
    if (isCode(error, "EEXIST"))
      throw misused(
        path,
        "is there already: --resume goes on with an export that was cut off; or name another file",
      );
    if (isCode(error, "ENOENT") && resume) throw misused(path, "is not there: without --resume it is begun");
    throw misused(path, reasonOf(error));
  }
}
