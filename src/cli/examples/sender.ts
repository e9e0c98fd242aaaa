/** What an example needs to know of a sender: its headers, its payloads, and how it usually proves itself. */

import type { JsonObject } from "../../core/json.ts";

export interface Sender {
  readonly name: string;
  /** Events that there is an example of, the usual ones first. */
  readonly events: readonly string[];
  /**
   * The headers of a delivery, without its proof.
   *
   * @param id the delivery's id, where the sender gives it in a header.
   */
  headers(event: string, id: string): Readonly<Record<string, string>>;
  /** The example of an event, as the sender documents it; undefined where there is none. Text where it is no JSON. */
  payload(event: string, id: string): JsonObject | string | undefined;
  /** Name of the scheme of src/verify by which it signs; absent: none of its own. */
  readonly scheme?: string;
}

export const JSON_TYPE = { "content-type": "application/json" } as const;
