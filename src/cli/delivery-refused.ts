/** `sluice deliveries refused`: requests that were never taken, and why. */

import { PAGE } from "../admin/filter.ts";
import type { DeliveryFilter } from "../core/ledger.ts";
import type { Refusal } from "../core/refusal.ts";
import { ago } from "./console.ts";
import { queryOf, readOption } from "./filters.ts";
import type { Client } from "./http.ts";
import { EXIT, type Exit, misused, type Options, textOption, type VerbContext } from "./verb.ts";

const FILTERS: readonly string[] = ["namespace", "listener", "since", "until"];

export async function refusedOnes(
  { console }: VerbContext,
  client: Client,
  _id: string,
  options: Options,
  filter: DeliveryFilter,
): Promise<Exit> {
  const other = Object.keys(filter).find((key) => !FILTERS.includes(key));
  if (other !== undefined)
    throw misused("deliveries refused", `${other} is not known of them: it takes ${FILTERS.join(", ")}`);
  const limit = textOption(options, "limit");
  const query = queryOf({ ...filter, ...(limit && { limit: readOption("limit", PAGE.limit, limit) }) });
  const found = await client.ask<{ readonly items: readonly Refusal[] }>("GET", `/api/v1/refused${query}`);
  if (options["output"] === "json") console.json(found);
  else if (found.items.length === 0) console.note("nothing was refused, as far as is known");
  else {
    const now = Date.now();
    const rows = found.items.map(({ lastAt, count, listener, code, status, reason, ...from }) => [
      ...[
        ago(lastAt, now),
        String(count),
        listener.name === "" ? "none" : `${listener.namespace}/${listener.name}`,
      ],
      ...[from.address ?? "several", [from.provider, from.event].filter(Boolean).join(" ")],
      ...[`${status} ${code}`, reason.length > 100 ? `${reason.slice(0, 99)}…` : reason],
    ]);
    console.table(["LAST", "COUNT", "LISTENER", "FROM", "EVENT", "CODE", "WHY"], rows);
  }
  return EXIT.ok;
}
