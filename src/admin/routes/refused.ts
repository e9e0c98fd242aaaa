/** Requests that were refused: what the store keeps of them. */

import { words } from "../fields.ts";
import { DEFAULT_LIMIT, FILTERS, PAGE } from "../filter.ts";
import { type Route, route } from "../route.ts";
import { closed, list, ref } from "../schemas.ts";
import type { ApiServices } from "../services.ts";

export function refusedRoutes({ ledger }: ApiServices): readonly Route[] {
  const { namespace, listener, since, until } = FILTERS;
  return [
    route({
      ...{ method: "GET", path: "/api/v1/refused", operation: "listRefused", permission: "view" },
      summary:
        "Requests that were refused, the latest first: folded by cause, without bodies, at most 200 of each listener, and of those that reached none (both names of the listener are empty then).",
      query: {
        ...{ namespace, listener, since, until, limit: PAGE.limit },
        code: words("why: SLUICE_UNVERIFIED, …"),
      },
      answer: { status: 200, schema: closed({ items: list(ref("Refusal")) }) },
      handle: async ({ query: { limit = DEFAULT_LIMIT, ...filter } }) => ({
        items: await ledger.refused(filter, limit),
      }),
    }),
  ];
}
