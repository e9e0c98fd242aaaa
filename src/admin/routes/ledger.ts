/** The ledger as a whole: read page by page for an export, by a gateway that goes on taking deliveries. */

import { NOTE, onRecord, signed } from "../acts.ts";
import { words } from "../fields.ts";
import { type Route, route } from "../route.ts";
import { page } from "../schemas.ts";
import type { ApiServices } from "../services.ts";

/** Exports that are told apart; of one beyond these each page is recorded. */
const UNDER_WAY = 64;

export function ledgerRoutes(services: ApiServices): readonly Route[] {
  const { ledger } = services;
  /** Where exports go on that were recorded when they began; the oldest is forgotten. */
  const given = new Set<string>();

  return [
    route({
      ...{ method: "GET", path: "/api/v1/ledger/export", operation: "exportLedger", permission: "payload" },
      summary:
        "A page of everything that the ledger keeps, bodies included, as `sluice ledger export` writes it. That somebody began, or went on elsewhere, is recorded.",
      query: { cursor: words("`next` of the page before"), ...NOTE },
      answer: {
        status: 200,
        schema: page({ type: "object", description: "a line of an export, see docs/backup.md" }),
      },
      async handle({ query: { cursor, ...note }, caller }) {
        const read = () => ledger.backup(cursor);
        const goesOn = cursor !== undefined && given.delete(cursor);
        const deed = { verb: "export", subject: "ledger", note: signed(caller, note) };
        const found = goesOn ? await read() : await onRecord(services, deed, read);
        if (found.next !== undefined) given.add(found.next);
        const [oldest = ""] = given;
        if (given.size > UNDER_WAY) given.delete(oldest);
        return found;
      },
    }),
  ];
}
