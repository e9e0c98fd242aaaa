/** Faults that say the same of many places, as one that says how many and names some of them. */

import { ERRORS } from "./error-table.ts";
import type { SluiceError } from "./errors.ts";

export interface FaultGroup {
  /** The first of them. */
  readonly fault: SluiceError;
  readonly count: number;
  /** What it says, of whom, and of how many others it holds. */
  readonly message: string;
}

/** Others that are named. */
const NAMED = 5;

/** Values that say of whom a fault is, not what is wrong. */
const WHOSE: ReadonlySet<string> = new Set(["trigger", "listener", "by", "what", "namespace"]);

/**
 * Groups faults of one code whose values differ only in whom they are of.
 *
 * @returns in the order of their first ones.
 */
export function groupFaults(faults: readonly SluiceError[]): readonly FaultGroup[] {
  return [...Map.groupBy(faults, kindOf).values()].map((group) => {
    const [fault, ...others] = group as [SluiceError, ...SluiceError[]];
    const names = [...new Set(others.map(ownerOf))].filter((name) => name !== "" && name !== ownerOf(fault));
    return { fault, count: group.length, message: `${messageOf(fault)}${andOthers(others.length, names)}` };
  });
}

/** The message, with the trigger and the listener in front that it does not name itself. */
export function messageOf({ about, message }: SluiceError): string {
  if (about === undefined) return message;
  const { listener, trigger } = about;
  const named = message.includes(trigger);
  if (named) return message.includes(listener) ? message : `${message} (listener ${listener})`;
  return `listener ${listener}, trigger ${trigger}: ${message}`;
}

/** What its words have of its values, without whose it is and which of several places in a list. */
function kindOf({ code, values }: SluiceError): string {
  const { message, fix } = ERRORS[code];
  const said = Object.entries(values).filter(
    ([name]) => !WHOSE.has(name) && `${message} ${fix}`.includes(`{${name}}`),
  );
  return JSON.stringify([code, said.map(([name, value]) => [name, value.replace(/\[\d+\]/g, "[]")])]);
}

function ownerOf({ about, values, at }: SluiceError): string {
  const own = about?.trigger ?? values["trigger"] ?? values["listener"] ?? values["what"];
  return own ?? (at === undefined ? "" : `${at.file}:${at.line}`);
}

function andOthers(count: number, names: readonly string[]): string {
  if (count === 0) return "";
  const shown = names.slice(0, NAMED).join(", ");
  const more = count > NAMED ? ", …" : "";
  return `; the same ${count} more times${shown === "" ? "" : `: ${shown}${more}`}`;
}
