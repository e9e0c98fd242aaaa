/** Faults as fields of log lines. */

import type { SluiceError } from "../core/errors.ts";
import { groupFaults } from "../core/fault-groups.ts";
import { foreign } from "./foreign.ts";

/** A file's place as editors and terminals understand it: `file:line:column`. */
export function faultFields({ code, message, at }: SluiceError) {
  return { code, message: foreign(message), at: at && `${at.file}:${at.line}:${at.column}` };
}

/** Each once for all that are like it; the first twenty. */
export function grouped(faults: readonly SluiceError[]) {
  return groupFaults(faults)
    .slice(0, 20)
    .map(({ fault, message }) => ({ ...faultFields(fault), message: foreign(message) }));
}
