/** A file that a flag names: its bytes, or that it is not there. */

import { readFile } from "node:fs/promises";
import { fault } from "../core/errors.ts";

/** @throws SluiceError SLUICE_CONFIG_MISSING. */
export async function bytesOf(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    const cure = "Correct the path; it is taken from the folder where this is run.";
    throw fault("SLUICE_CONFIG_MISSING", { path, cure }, { cause: error });
  });
}
