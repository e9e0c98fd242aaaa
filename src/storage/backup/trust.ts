/** Whether what an export holds will be believed where it is put: by the same signatures as in the store. */

import type { BackupDelivery } from "../../core/backup.ts";
import { asFault } from "../../core/errors.ts";
import type { StoreKeys } from "../../core/integrity.ts";
import { bytesOf } from "../ledger/backup.ts";
import { checkSize, decodeDecisions, readHead } from "../ledger/codec.ts";
import { signedText } from "../ledger/sealed.ts";
import { invalidLine } from "./format.ts";

export type Trust = "held" | "unsigned" | "unknown" | "forged";

export interface Judged {
  readonly trust: Trust;
  /** Fingerprint of the key that signed it. */
  readonly key?: string;
}

/**
 * Reads the bytes of a delivery, which the store keeps as they are.
 *
 * @param keys of the store that it is put into.
 * @throws SluiceError SLUICE_EXPORT_INVALID for what no store could read again, SLUICE_STORE_VERSION for what a newer one
 *   wrote.
 */
export function judgeDelivery(keys: StoreKeys | undefined, item: BackupDelivery, line: number): Judged {
  const { facts, head, body, decisions } = item;
  try {
    const [stored, whole] = [bytesOf(head), body === undefined ? undefined : bytesOf(body)];
    checkSize(stored);
    if (decisions !== undefined) {
      const bytes = bytesOf(decisions);
      checkSize(bytes);
      if (!decodeDecisions(bytes).every(({ trigger, result }) => typeof trigger.name === "string" && result))
        throw new Error("decisions of another shape");
    }
    const { head: request, text, mac } = readHead(stored);
    if (typeof request.method !== "string") throw new Error("a head of another shape");
    if (mac === undefined) return { trust: "unsigned" };
    const key = mac.split(".", 1)[0] ?? "";
    if (keys === undefined || !keys.keyring.ids.includes(key)) return { trust: "unknown", key };
    // The signature covers the body: of one that is forgotten by now only the key can be told.
    if (whole === undefined) return { trust: "held", key };
    return { trust: keys.keyring.check(signedText(facts, text), mac, whole), key };
  } catch (error) {
    const found = asFault(error);
    throw found.code === "SLUICE_INTERNAL"
      ? invalidLine(line, `delivery ${facts.id}: ${found.values["reason"]}`)
      : found;
  }
}
