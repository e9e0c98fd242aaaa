/** `sluice deliveries list|show|tail|export|payload|count`: what came, what was decided, what became of it. */

import { type Field, whole } from "../admin/fields.ts";
import { PAGE } from "../admin/filter.ts";
import type { QueueReport } from "../admin/index.ts";
import type { DeliveryFilter, DeliveryRecord, DeliverySummary, Page } from "../core/ledger.ts";
import { OUTCOMES } from "../core/ledger.ts";
import { openClient } from "./client.ts";
import { printList } from "./delivery-list.ts";
import { printRecord } from "./delivery-record.ts";
import { refusedOnes } from "./delivery-refused.ts";
import { every, tail } from "./delivery-stream.ts";
import { filterOf, filterOptions, queryOf, readOption } from "./filters.ts";
import type { Client } from "./http.ts";
import { settingOptions } from "./settings.ts";
import { askWithValues, VALUES_OPTION } from "./values.ts";
import {
  EXIT,
  type Exit,
  GATEWAY,
  JSON_OUTPUT,
  misused,
  type Options,
  textOption,
  type Verb,
  type VerbContext,
} from "./verb.ts";

const DEFAULT_LIMIT = 20;

type Part = (
  context: VerbContext,
  client: Client,
  id: string,
  options: Options,
  filter: DeliveryFilter,
) => Promise<Exit>;

const PARTS: Readonly<Record<string, Part>> = {
  ...{ list, show, tail: latest, export: exported, payload, count },
  refused: refusedOnes,
};
const WANT_ID: readonly string[] = ["show", "payload"];

export const deliveries: Verb = {
  help: `
  sluice deliveries list --outcome dead
  sluice deliveries list --repository octo-org/hello --since 24h -o json
  sluice deliveries show 019ab…        # why did this not fire?
  sluice deliveries list --not-fired ci/build --since 24h   # and why it did not
  sluice deliveries tail -f            # as they come, and as they end
  sluice deliveries export --since 7d > week.ndjson
  sluice deliveries payload 019ab…     # the body as it came; -o json has method and headers too
  sluice deliveries refused --listener ci/git   # what was never taken, and why: 401, 413, 415, 400, 503

Outcomes: ${OUTCOMES.join(", ")}. Filters are compared whole, capitals too; but --revision takes the
beginning of one, and --text finds words anywhere, in any case. While a gateway has the embedded store open, it is asked
over its admin port. Bodies, and what of them stands in decisions, want a token that allows payload, and who looked is
recorded: \`show\` asks for them where it may, the others with --values. --text searches among them, so it wants the same.

\`refused\` takes --namespace, --listener, --since, --until and --limit. Requests of one cause are one line with their
number; of each listener the latest 200 are kept, without bodies, for 30 days.`,
  options: [
    ...filterOptions(),
    {
      flags: "--limit <count>",
      description: `how many at most; list and tail show ${DEFAULT_LIMIT} where it is not said, export all`,
    },
    { flags: "--cursor <text>", description: "list, export: goes on where the last list ended" },
    { flags: "-f, --follow", description: "tail: go on until stopped" },
    { flags: "--full", description: "export: with decisions, jobs and attempts" },
    VALUES_OPTION,
    ...settingOptions("store", "adminToken", "adminCa"),
    GATEWAY,
    JSON_OUTPUT,
  ],
  async run(context, [what = "list", id], options) {
    const part = Object.hasOwn(PARTS, what) ? PARTS[what] : undefined;
    if (part === undefined) {
      const reason = `"${what}" is none of ${Object.keys(PARTS).join(", ")}`;
      throw misused("deliveries", reason);
    }
    if (WANT_ID.includes(what) !== (id !== undefined)) {
      const reason =
        id === undefined ? "wants the id of a delivery" : `takes options and no "${id.slice(0, 80)}"`;
      throw misused(`deliveries ${what}`, reason);
    }
    limitOf(options, what === "export" ? EXPORT_LIMIT : PAGE.limit);
    const filter = filterOf(options);
    await using client = await openClient(options, context.environment);
    return await part(context, client, id ?? "", options, filter);
  },
};

/** An export is made of as many pages as it takes. */
const EXPORT_LIMIT = whole(PAGE.limit.description, 1, Number.MAX_SAFE_INTEGER);

function limitOf(options: Options, field: Field<number> = PAGE.limit): number | undefined {
  const text = textOption(options, "limit");
  return text === undefined ? undefined : readOption("limit", field, text);
}

const valuesOf = (options: Options): object => (options["values"] === true ? { values: true } : {});

const isJson = (options: Options): boolean => options["output"] === "json";

const pathOf = (id: string): string => `/api/v1/deliveries/${encodeURIComponent(id)}`;

async function list(
  { console }: VerbContext,
  client: Client,
  _id: string,
  options: Options,
  filter: DeliveryFilter,
): Promise<Exit> {
  const query = queryOf({
    ...filter,
    limit: limitOf(options) ?? DEFAULT_LIMIT,
    cursor: textOption(options, "cursor"),
    ...valuesOf(options),
  });
  const found = await client.ask<Page<DeliverySummary>>("GET", `/api/v1/deliveries${query}`);
  if (isJson(options)) console.json(found);
  else {
    const all = Object.keys(filter).length === 0 && textOption(options, "cursor") === undefined;
    printList(console, found, await reportFor(client, found.items), all);
  }
  return EXIT.ok;
}

/** The queue's own word, where one of these waits for it. */
async function reportFor(
  client: Client,
  items: readonly DeliverySummary[],
): Promise<QueueReport | undefined> {
  const waits = items.some(({ outcome }) => outcome === "pending");
  return waits ? client.ask<QueueReport>("GET", "/api/v1/queue") : undefined;
}

async function show({ console }: VerbContext, client: Client, id: string, options: Options): Promise<Exit> {
  const record = await askWithValues<DeliveryRecord>(console, client, pathOf(id));
  if (isJson(options)) console.json(record);
  else printRecord(console, record, await reportFor(client, [record]));
  return EXIT.ok;
}

async function latest(
  { console, stop }: VerbContext,
  client: Client,
  _id: string,
  options: Options,
  filter: DeliveryFilter,
): Promise<Exit> {
  const how = {
    limit: limitOf(options) ?? DEFAULT_LIMIT,
    follow: options["follow"] === true,
    json: isJson(options),
  };
  await tail(console, client, { ...filter, ...valuesOf(options) }, how, stop);
  return EXIT.ok;
}

async function exported(
  { console }: VerbContext,
  client: Client,
  _id: string,
  options: Options,
  filter: DeliveryFilter,
): Promise<Exit> {
  let left = limitOf(options, EXPORT_LIMIT) ?? Number.POSITIVE_INFINITY;
  const values = valuesOf(options);
  for await (const item of every(client, { ...filter, ...values }, textOption(options, "cursor"))) {
    const full = `${pathOf(item.id)}${queryOf(values)}`;
    console.jsonLine(options["full"] === true ? await client.ask<DeliveryRecord>("GET", full) : item);
    if (--left === 0) break;
  }
  return EXIT.ok;
}

async function payload(
  { console }: VerbContext,
  client: Client,
  id: string,
  options: Options,
): Promise<Exit> {
  type Found = { readonly encoding: "utf8" | "base64"; readonly body: string };
  const found = await client.ask<Found>("GET", `${pathOf(id)}/payload`);
  if (isJson(options)) console.json(found);
  else console.bytes(Buffer.from(found.body, found.encoding));
  return EXIT.ok;
}

async function count(
  { console }: VerbContext,
  client: Client,
  _id: string,
  options: Options,
  filter: DeliveryFilter,
): Promise<Exit> {
  const found = await client.ask<{ readonly count: number }>(
    "GET",
    `/api/v1/deliveries/count${queryOf(filter)}`,
  );
  if (isJson(options)) console.json(found);
  else console.out(String(found.count));
  return EXIT.ok;
}
