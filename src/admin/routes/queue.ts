/** The queue, the audit, the numbers, and the record of who did what. */

import { fault } from "../../core/errors.ts";
import { OUTCOMES } from "../../core/ledger.ts";
import { foldedActs, NOTE, onRecord, signed } from "../acts.ts";
import { flag } from "../fields.ts";
import { FILTERS, PAGE, splitPage } from "../filter.ts";
import { type Route, route } from "../route.ts";
import { page, ref } from "../schemas.ts";
import type { ApiServices, QueueReport } from "../services.ts";

const HOUR = 3_600_000;
const WINDOWS = { "1h": HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR } as const;
const { outcome: _o, since: _s, until: _u, text: _t, ...STATS_FILTERS } = FILTERS;

const nobodyAnswers = () =>
  Promise.reject(fault("SLUICE_GATEWAY_AWAY", { url: "this process", reason: "it takes no deliveries in" }));

export function queueRoutes(services: ApiServices): readonly Route[] {
  const {
    ledger,
    queue,
    audit,
    acknowledged = nobodyAnswers,
    attemptsPerMinute,
    targets,
    clock = Date.now,
  } = services;
  const answer = { status: 200, schema: ref("Queue") };

  async function state(): Promise<QueueReport> {
    const [depth, state] = await Promise.all([queue.depth(), queue.state()]);
    return {
      ...{ ...depth, ...state },
      ...(attemptsPerMinute && { attemptsPerMinute: attemptsPerMinute() }),
      ...(targets && { targets: targets() }),
    };
  }

  return [
    route({
      ...{ method: "GET", path: "/api/v1/queue", operation: "showQueue", permission: "view", answer },
      summary:
        "How deep the queue is, how old its oldest job, whether it is paused, and which targets of this gateway are away.",
      handle: state,
    }),
    route({
      ...{
        method: "POST",
        path: "/api/v1/queue/pause",
        operation: "pauseQueue",
        permission: "operate",
        answer,
      },
      summary:
        "Hands out no more jobs, for every worker and over restarts; deliveries are taken all the same.",
      body: NOTE,
      async handle({ body, caller }) {
        const note = signed(caller, body);
        const deed = { verb: "pause", subject: "queue", note };
        await onRecord(services, deed, () => queue.pause({ at: clock(), ...note }));
        return state();
      },
    }),
    route({
      ...{
        method: "POST",
        path: "/api/v1/queue/resume",
        operation: "resumeQueue",
        permission: "operate",
        answer,
      },
      summary: "Hands out jobs again.",
      body: NOTE,
      async handle({ body, caller }) {
        const deed = { verb: "resume", subject: "queue", note: signed(caller, body) };
        await onRecord(services, deed, () => queue.resume());
        return state();
      },
    }),
    route({
      ...{ method: "GET", path: "/api/v1/audit", operation: "audit", permission: "view" },
      summary: "The conservation law, counted from the records: violations is empty when it holds.",
      answer: { status: 200, schema: ref("Audit") },
      handle: () => audit(),
    }),
    route({
      ...{ method: "GET", path: "/api/v1/acknowledged", operation: "acknowledged", permission: "view" },
      summary:
        "How many deliveries this gateway has acknowledged, and whether the store still has the latest of them.",
      answer: { status: 200, schema: ref("Acknowledgement") },
      handle: acknowledged,
    }),
    route({
      ...{ method: "GET", path: "/api/v1/stats", operation: "stats", permission: "view" },
      summary: "Deliveries by outcome over the last hour, day and week.",
      query: STATS_FILTERS,
      answer: { status: 200, schema: ref("Stats") },
      async handle({ query }) {
        const at = clock();
        const windows = Object.entries(WINDOWS).map(async ([window, span]) => {
          const since = at - span;
          const counts = OUTCOMES.map(
            async (outcome) => [outcome, await ledger.count({ ...query, outcome, since })] as const,
          );
          return { window, since, outcomes: Object.fromEntries(await Promise.all(counts)) };
        });
        return { at, windows: await Promise.all(windows) };
      },
    }),
    route({
      ...{ method: "GET", path: "/api/v1/acts", operation: "listActs", permission: "view" },
      summary:
        "Who did what, and why, newest first; an order of many is one entry, with how many it was done to.",
      query: { ...PAGE, each: flag("an entry for each delivery, also of orders of many") },
      answer: { status: 200, schema: page(ref("Act")) },
      async handle({ query: { each = false, ...query } }) {
        const { page } = splitPage(query);
        return each ? ledger.acts(page) : foldedActs(ledger, page);
      },
    }),
  ];
}
