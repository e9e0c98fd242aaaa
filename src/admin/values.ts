/** Values of events: who asks for them needs the permission `payload`, and that he asked is written down first. */

import { demand } from "./access.ts";
import { onRecord, signed } from "./acts.ts";
import { flag } from "./fields.ts";
import type { Caller } from "./route.ts";
import type { ApiServices } from "./services.ts";

/** The field by which values are asked for. */
export const VALUES = {
  values: flag("with values of body and headers; wants the permission payload, and is recorded"),
} as const;

/** What of a request asks for values, or searches among them. */
export interface Asked {
  readonly values?: boolean;
  readonly text?: string;
}

/** The field as it was given, if it was. */
export const asked = (values: boolean | undefined): Asked => (values === undefined ? {} : { values });

type Needs = Pick<ApiServices, "ledger" | "tell" | "clock">;

/**
 * Checks and records a question for values. Searching by `text` is one too: whoever can ask whether a word is there can
 * read what is there.
 *
 * @param subject a delivery's id, or what else was looked at.
 * @returns whether values are to be shown. @throws SluiceError SLUICE_ADMIN_PERMISSION, SLUICE_ADMIN_TOKEN,
 *   SLUICE_STORE_AWAY.
 */
export async function seesValues(
  needs: Needs,
  caller: Caller,
  { values = false, text }: Asked,
  subject: string,
): Promise<boolean> {
  if (!values && text === undefined) return false;
  demand(caller, "payload", subject);
  const searched = text === undefined ? "" : " (searched by text)";
  const deed = { verb: "payload", subject: `${subject}${searched}`, note: signed(caller, {}) };
  return onRecord(needs, deed, async () => values);
}
