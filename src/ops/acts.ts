/** Acts: what a person does is written down before it is done, so that nothing is done that nobody answers for. */

import type { ActNote } from "../core/ledger.ts";
import { actorOf } from "./access.ts";
import { words } from "./fields.ts";
import type { Caller } from "./route.ts";
import type { ApiServices } from "./services.ts";

/** Who and why, as a request says it. */
export const NOTE = {
  reason: words("why; kept with what is done"),
  actor: words("who asks, beside the token's name"),
} as const;

export type Signed = ActNote & { readonly actor: string };

/** The note that is kept: the token's name is always part of it. */
export function signed(caller: Caller, { reason, actor }: ActNote): Signed {
  return { actor: actorOf(caller, actor), ...(reason !== undefined && { reason }) };
}

/** Something that a person does to something. */
export interface Deed {
  readonly verb: string;
  readonly subject: string;
  readonly note: Signed;
}

type Needs = Pick<ApiServices, "ledger" | "tell" | "clock">;

/**
 * Writes a deed down, does it, and tells that it is done.
 *
 * @throws SluiceError SLUICE_STORE_AWAY before anything is done; whatever `work` throws.
 */
export async function onRecord<T>(needs: Needs, deed: Deed, work: () => Promise<T>): Promise<T> {
  await writeDown(needs, deed);
  const result = await work();
  needs.tell({ type: "act.done", verb: deed.verb, subject: deed.subject, ...deed.note });
  return result;
}

export function writeDown({ ledger, clock = Date.now }: Needs, { verb, subject, note }: Deed): Promise<void> {
  return ledger.record({ at: clock(), verb, subject, ...note });
}
