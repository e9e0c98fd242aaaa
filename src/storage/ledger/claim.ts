/** The name under which a dedupe key is remembered. */

import { hash } from "node:crypto";
import type { ObjectName } from "../../core/delivery.ts";

/** A dedupe key within its listener, as 43 characters. */
export function claimOf({ namespace, name }: ObjectName, dedupeKey: string): string {
  return hash("sha256", JSON.stringify([namespace, name, dedupeKey]), "base64url");
}
