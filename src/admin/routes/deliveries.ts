/** Deliveries: searched, counted, shown with their decisions, their payload, and what was created of them. */

import { bodyMissing } from "../../core/body.ts";
import type { Delivery } from "../../core/delivery.ts";
import { fault } from "../../core/errors.ts";
import type { DeliveryRecord } from "../../core/ledger.ts";
import { NOTE, onRecord, signed } from "../acts.ts";
import { isId, words } from "../fields.ts";
import { FILTERS, PAGE, splitPage } from "../filter.ts";
import { type Route, route } from "../route.ts";
import { listRuns } from "../runs.ts";
import { closed, count, page, ref, text } from "../schemas.ts";
import type { ApiServices } from "../services.ts";
import { recordUnseen, runUnseen, summaryUnseen } from "../unseen.ts";
import { asked, seesValues, VALUES } from "../values.ts";

/** Reads an id in a path. @throws SluiceError SLUICE_DELIVERY_UNKNOWN for what can be no id. */
export function deliveryId(id: string): string {
  if (!isId(id)) throw fault("SLUICE_DELIVERY_UNKNOWN", { id: id.slice(0, 64) });
  return id;
}

const WITHOUT_BODY = [
  "SLUICE_DELIVERY_UNKNOWN",
  "SLUICE_DELIVERY_DUPLICATE",
  "SLUICE_BODY_FORGOTTEN",
  "SLUICE_BODY_NOT_KEPT",
  "SLUICE_BODY_DROPPED",
] as const;

export function deliveryRoutes(services: ApiServices): readonly Route[] {
  const { ledger, replay } = services;

  async function found(id: string): Promise<DeliveryRecord> {
    const known = await ledger.find(deliveryId(id));
    if (known === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
    return known;
  }

  return [
    route({
      ...{ method: "GET", path: "/api/v1/deliveries", operation: "listDeliveries", permission: "view" },
      summary: "Deliveries, newest first.",
      query: { ...FILTERS, ...PAGE, ...VALUES },
      answer: { status: 200, schema: page(ref("DeliverySummary")) },
      async handle({ query: { values, ...query }, caller }) {
        const seen = await seesValues(services, caller, { ...asked(values), ...query }, "deliveries");
        const { filter, page } = splitPage(query);
        const found = await ledger.list(filter, page);
        return seen ? found : { ...found, items: found.items.map(summaryUnseen) };
      },
    }),
    route({
      ...{
        method: "GET",
        path: "/api/v1/deliveries/count",
        operation: "countDeliveries",
        permission: "view",
      },
      summary: "How many deliveries match.",
      query: FILTERS,
      answer: { status: 200, schema: closed({ count }) },
      async handle({ query, caller }) {
        await seesValues(services, caller, query, "deliveries");
        return { count: await ledger.count(query) };
      },
    }),
    route({
      ...{ method: "GET", path: "/api/v1/deliveries/{id}", operation: "showDelivery", permission: "view" },
      summary: "One delivery with every decision, job and attempt; without its payload.",
      query: VALUES,
      answer: { status: 200, schema: ref("DeliveryRecord") },
      faults: ["SLUICE_DELIVERY_UNKNOWN"],
      async handle({ id, query, caller }) {
        const record = await found(id);
        return (await seesValues(services, caller, query, id)) ? record : recordUnseen(record);
      },
    }),
    route({
      ...{ method: "GET", path: "/api/v1/deliveries/{id}/payload", operation: "showPayload" },
      permission: "payload",
      summary: "The request as it arrived; sensitive headers are masked. Who looked is recorded.",
      answer: { status: 200, schema: ref("Payload") },
      faults: WITHOUT_BODY,
      async handle({ id, caller }) {
        const delivery = await ledger.load(deliveryId(id));
        if (delivery === undefined) throw bodyMissing(id, await ledger.find(id));
        const deed = { verb: "payload", subject: id, note: signed(caller, {}) };
        return onRecord(services, deed, async () => payloadOf(delivery));
      },
    }),
    route({
      ...{ method: "POST", path: "/api/v1/deliveries/{id}/replay", operation: "replayDelivery" },
      permission: "operate",
      summary: "Decides one delivery again, with the triggers in force, as a delivery of its own.",
      body: { ...NOTE, trigger: words("only for this trigger: name or namespace/name") },
      answer: { status: 201, schema: closed({ id: text }) },
      location: ({ id }) => `/api/v1/deliveries/${id}`,
      faults: [...WITHOUT_BODY, "SLUICE_LISTENER_UNKNOWN", "SLUICE_TRIGGER_UNKNOWN"],
      async handle({ id, body: { trigger, ...given }, caller }) {
        const note = signed(caller, given);
        await found(id);
        const options = { note, ...(trigger !== undefined && { trigger }) };
        const deed = { verb: "replay", subject: id, note };
        return { id: await onRecord(services, deed, () => replay(id, options)) };
      },
    }),
    route({
      ...{ method: "GET", path: "/api/v1/runs", operation: "listRuns", permission: "view" },
      summary: "Objects that were created, by the deliveries they came of, newest delivery first.",
      query: { ...FILTERS, ...PAGE, ...VALUES },
      answer: { status: 200, schema: page(ref("CreatedRun")) },
      async handle({ query: { values, ...query }, caller }) {
        const seen = await seesValues(services, caller, { ...asked(values), ...query }, "runs");
        const { filter, page } = splitPage(query);
        const found = await listRuns(ledger, filter, page);
        return seen ? found : { ...found, items: found.items.map(runUnseen) };
      },
    }),
  ];
}

/** Bytes that are no UTF-8 come in base64, so that nothing is lost. */
function payloadOf({ id, method, url, headers, body }: Delivery) {
  const text = body.toString("utf8");
  const whole = Buffer.from(text, "utf8").equals(body);
  const shown = whole
    ? { encoding: "utf8", body: text }
    : { encoding: "base64", body: body.toString("base64") };
  return { id, method, url, headers, ...shown };
}
