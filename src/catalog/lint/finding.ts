/** Findings of the lint: what is doubtful about declared objects that nothing refuses, and where it was written. */

import type { ErrorCode, SluiceError } from "../../core/errors.ts";
import { fault } from "../../core/errors.ts";
import type { Held, LocatedDeclarations } from "../index.ts";

/** One doubt, before it is known in which line it stands. */
export interface Finding extends Held {
  readonly code: ErrorCode;
  readonly values: Readonly<Record<string, string>>;
}

export interface Linted {
  /** Nobody can mean these: a file that has them does not come into force. */
  readonly errors: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
}

/** More would help nobody, and each costs a look into its file. */
const MOST = 500;

/** Findings as faults with their places; of those that say the same of one place, the first. */
export function placed(
  findings: readonly Finding[],
  declarations: LocatedDeclarations,
): readonly SluiceError[] {
  const distinct = new Map(findings.map((finding) => [keyOf(finding), finding]));
  // Looking from file to file would parse each of them again and again.
  const byOwner = Map.groupBy([...distinct.values()].slice(0, MOST), ({ owner }) => owner);
  return [...byOwner].flatMap(([owner, found]) =>
    found.map(({ code, values, path }) => {
      const { namespace, name } = owner.metadata;
      const object = namespace === "" ? `${owner.kind} ${name}` : `${owner.kind} ${namespace}/${name}`;
      const at = declarations.locate?.(owner, path);
      return fault(code, { ...values, object }, at && { at });
    }),
  );
}

function keyOf({ code, values, owner, path }: Finding): string {
  const { namespace, name } = owner.metadata;
  return JSON.stringify([owner.kind, namespace, name, path, code, values]);
}
