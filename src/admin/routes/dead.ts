/** Dead letters: by cause, and one by one. Retrying and dropping them are batches. */

import { deadHint } from "../../core/dead-hint.ts";
import { fault } from "../../core/errors.ts";
import type { DeliverySummary } from "../../core/ledger.ts";
import { isId, words } from "../fields.ts";
import { FILTERS, PAGE, splitPage } from "../filter.ts";
import { type Route, route } from "../route.ts";
import { closed, list, page, ref } from "../schemas.ts";
import type { ApiServices } from "../services.ts";
import { groupUnseen, summaryUnseen } from "../unseen.ts";
import { asked, seesValues, VALUES } from "../values.ts";

const { outcome: _dead, ...DEAD_FILTERS } = FILTERS;

export function deadRoutes(services: ApiServices): readonly Route[] {
  const { ledger } = services;
  return [
    route({
      ...{ method: "GET", path: "/api/v1/dead/groups", operation: "listDeadGroups", permission: "view" },
      summary: "Dead letters by cause, the most frequent first; dropped ones are left out.",
      query: { ...DEAD_FILTERS, ...VALUES },
      answer: { status: 200, schema: closed({ items: list(ref("DeadGroup")) }) },
      async handle({ query: { values, ...query }, caller }) {
        const seen = await seesValues(services, caller, { ...asked(values), ...query }, "dead groups");
        const items = await ledger.deadGroups(query);
        const shown = seen ? items : items.map(groupUnseen);
        return { items: shown.map((group) => ({ ...group, hint: deadHint(group.code) })) };
      },
    }),
    route({
      ...{ method: "GET", path: "/api/v1/dead", operation: "listDead", permission: "view" },
      summary: "Dead letters, newest first; of one cause with `fingerprint`, which takes no other filter.",
      query: { ...DEAD_FILTERS, ...PAGE, ...VALUES, fingerprint: words("those of one cause") },
      answer: { status: 200, schema: page(ref("DeliverySummary")) },
      async handle({ query: { fingerprint, values, ...query }, caller }) {
        const shown = (await seesValues(services, caller, { ...asked(values), ...query }, "dead"))
          ? (summary: DeliverySummary) => summary
          : summaryUnseen<DeliverySummary>;
        const { filter, page } = splitPage(query);
        if (fingerprint === undefined) {
          const found = await ledger.list({ ...filter, outcome: "dead" }, page);
          return { ...found, items: found.items.map(shown) };
        }
        const [other] = Object.keys(filter);
        if (other !== undefined) throw alone(other);
        const { items, next } = await ledger.deadOf(fingerprint, page);
        const found = await Promise.all(items.filter(isId).map((id) => ledger.find(id)));
        const summaries = found.flatMap((record) => (record === undefined ? [] : summaryOf(record)));
        return { items: summaries.map(shown), ...(next !== undefined && { next }) };
      },
    }),
  ];
}

const alone = (field: string) =>
  fault("SLUICE_REQUEST_INVALID", {
    field,
    reason: "stands beside fingerprint",
    expected: "a fingerprint, or filters",
  });

type Found = NonNullable<Awaited<ReturnType<ApiServices["ledger"]["find"]>>>;

function summaryOf(record: Found): DeliverySummary {
  const {
    method: _m,
    url: _u,
    headers: _h,
    digest: _s,
    decisions: _d,
    decided: _e,
    jobs: _j,
    ...summary
  } = record;
  return summary;
}
