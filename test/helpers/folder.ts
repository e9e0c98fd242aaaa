/** A folder for one test, removed with the test. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes an empty folder; `using` or `[Symbol.dispose]()` removes it with all it holds. */
export function temporaryFolder(prefix = "sluice-"): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), prefix));
  return { path, [Symbol.dispose]: () => remove(path) };
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
  // Where the folder was an embedded store, its key lies beside it.
  rmSync(`${path}.key`, { force: true });
}
