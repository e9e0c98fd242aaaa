/** Acts of people as both drivers keep them, and the places where their list goes on. */

import { fault } from "../../core/errors.ts";
import type { Act, ActNote } from "../../core/ledger.ts";
import { LINE_CHARS } from "./limits.ts";
import { clean } from "./text.ts";

/** An act with its texts cleaned and bounded. */
export function cleanAct(act: Act): Act {
  const { at, verb, subject, by, batch } = act;
  return {
    ...{ at, verb: clean(verb), subject: clean(subject), ...cleanNote(act) },
    ...(by !== undefined && { by: clean(by) }),
    ...(batch !== undefined && { batch: clean(batch) }),
  };
}

/** Who and why, cleaned and bounded; what was not given is left out. */
export function cleanNote({ actor, reason }: ActNote): ActNote {
  return {
    ...(actor !== undefined && { actor: clean(actor) }),
    ...(reason !== undefined && { reason: clean(reason, LINE_CHARS) }),
  };
}

/** @throws SluiceError SLUICE_REQUEST_INVALID: no list has given out such a cursor. */
export function refuseCursor(): never {
  const expected = "`next` of the page before, as it was given out";
  throw fault("SLUICE_REQUEST_INVALID", { field: "cursor", reason: "was given out by no list", expected });
}
