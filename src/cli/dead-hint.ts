/** What `sluice dead` says of each cause: what to put right, and the command that brings its dead letters back. */

import { deadHint } from "../core/dead-hint.ts";
import type { DeadGroup } from "../core/ledger.ts";

export function hintLines({ code, fingerprint }: Pick<DeadGroup, "code" | "fingerprint">): readonly string[] {
  const { fix, way } = deadHint(code);
  const command =
    way === "retry" ? `sluice dead retry ${fingerprint}` : `sluice replay --fingerprint ${fingerprint}`;
  return [`${fingerprint}: ${fix} Then: ${command}`];
}
