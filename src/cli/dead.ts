/** `sluice dead list|show|retry|drop`: what was given up, by cause; tried again, or put away with a reason. */

import { amount } from "../core/amount.ts";
import type { DeadGroup, DeliverySummary, Page } from "../core/ledger.ts";
import { BATCH_OPTIONS, filterSelection, mannerOf, runBatch, type Wording } from "./batch.ts";
import { openClient } from "./client.ts";
import { ago, type Console, oneLine } from "./console.ts";
import { hintLines } from "./dead-hint.ts";
import { printList } from "./delivery-list.ts";
import { filterOf, filterOptions, queryOf } from "./filters.ts";
import type { Client } from "./http.ts";
import { settingOptions } from "./settings.ts";
import { VALUES_OPTION } from "./values.ts";
import {
  EXIT,
  type Exit,
  GATEWAY,
  JSON_OUTPUT,
  misused,
  type Options,
  textOption,
  type Verb,
} from "./verb.ts";

const RETRY: Wording = {
  will: ({ done, objects, skipped }) =>
    `this will try ${amount(done, "delivery", "deliveries")} again: ${amount(objects, "object")} to create${skipped > 0 ? `; ${amount(skipped, "has no dead job and is", "have no dead job and are")} skipped` : ""}`,
  did: "tried again",
};
const DROP: Wording = {
  will: ({ done }) =>
    `this will put ${amount(done, "dead letter")} away; what is put away stays dead in the audit`,
  did: "dropped",
};

export const dead: Verb = {
  help: `
  sluice dead                                   # by cause, the most frequent first
  sluice dead show <fingerprint>                # the deliveries of one cause
  sluice dead retry <fingerprint> --rate 5      # or ids, or filters, or --all
  sluice replay --fingerprint <fingerprint>     # decides them again, where their decision is what was wrong
  sluice dead drop <id> --reason "branch is gone"

A retry tries the dead jobs of a delivery again: same decision, same names, so what was created before is found and not
made twice. A delivery whose decision failed has no job: \`sluice replay\` decides it again. Filters and fingerprints leave
out what was dropped; a retry of its id takes the drop back.`,
  options: [
    { flags: "--all", description: "all dead letters" },
    VALUES_OPTION,
    ...filterOptions("outcome"),
    ...BATCH_OPTIONS,
    { flags: "--limit <count>", description: "how many `show` shows at most", default: "50" },
    ...settingOptions("store", "adminToken", "adminCa"),
    GATEWAY,
    JSON_OUTPUT,
  ],
  async run(context, [what = "list", ...names], options) {
    if (!["list", "show", "retry", "drop"].includes(what))
      throw misused("dead", `"${what}" is none of list, show, retry and drop`);
    const act = what === "retry" || what === "drop";
    const selection = act ? selectionOf(names, options) : {};
    if (what === "list" && names.length > 0) throw misused("dead list", `takes options and no "${names[0]}"`);
    if (what === "show" && names.length !== 1)
      throw misused("dead show", "wants the fingerprint of one cause");
    if (
      what === "drop" &&
      (textOption(options, "reason") ?? "").trim() === "" &&
      !options["dryRun"] &&
      !options["count"]
    )
      throw misused("--reason", "`dead drop` wants to know why nobody needs them any more");
    await using client = await openClient(options, context.environment);
    if (what === "list") return await list(context.console, client, options);
    if (what === "show") return await show(context.console, client, String(names[0]), options);
    const path = what === "retry" ? "/api/v1/retries" : "/api/v1/drops";
    const body = { ...selection, ...mannerOf(context, options) };
    const asks = !("ids" in selection);
    return await runBatch(context, client, { path, body }, options, what === "retry" ? RETRY : DROP, asks);
  },
};

/** UUIDs are ids; one other word of the length of a fingerprint is one. */
function selectionOf(names: readonly string[], options: Options): object {
  const filter = options["all"] === true ? { filter: filterOf(options) } : filterSelection(options);
  if (names.length > 0 === (filter !== undefined))
    throw misused("dead", "wants ids, a fingerprint, filters or --all, and only one of them");
  if (filter !== undefined) return filter;
  const others = names.filter((name) => !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name));
  if (others.length === 0) return { ids: names };
  const odd = others.find((name) => !/^[\w-]{16}$/.test(name));
  if (odd !== undefined)
    throw misused(
      "id",
      `"${odd}" is neither the id of a delivery nor a fingerprint, which has 16 characters`,
    );
  if (names.length === 1) return { fingerprint: names[0] };
  throw misused("dead", "takes several ids, but one fingerprint at a time");
}

async function list(console: Console, client: Client, options: Options): Promise<Exit> {
  const values = options["values"] === true ? { values: true } : {};
  const path = `/api/v1/dead/groups${queryOf({ ...filterOf(options), ...values })}`;
  const found = await client.ask<{ readonly items: readonly DeadGroup[] }>("GET", path);
  if (options["output"] === "json") console.json(found);
  else if (found.items.length === 0) console.note("no dead letters");
  else {
    const now = Date.now();
    const rows = found.items.map((group) => {
      const { fingerprint, code, reason, count, firstAt, lastAt, bodiesGone = 0 } = group;
      const why = reason.length > 100 ? `${reason.slice(0, 99)}…` : reason;
      const seen = [ago(firstAt, now), ago(lastAt, now)];
      return [fingerprint, String(count), ...seen, bodies(count, bodiesGone), code, oneLine(why)];
    });
    console.table(["FINGERPRINT", "COUNT", "FIRST", "LAST", "BODIES", "CODE", "WHY"], rows);
    for (const group of found.items) for (const line of hintLines(group)) console.note(oneLine(line));
    if (found.items.some(({ bodiesGone }) => bodiesGone !== undefined))
      console.note(
        "those whose body is gone cannot be replayed: let the sender deliver them again; a retry of dead jobs needs no body",
      );
  }
  return EXIT.ok;
}

/** How many still have the body that a replay needs. */
function bodies(count: number, gone: number): string {
  if (gone === 0) return "all";
  return gone === count ? "none" : `${count - gone} of ${count}`;
}

async function show(console: Console, client: Client, fingerprint: string, options: Options): Promise<Exit> {
  const limit = textOption(options, "limit");
  const values = options["values"] === true ? { values: true } : {};
  const query = queryOf({ ...filterOf(options), ...values, fingerprint, limit });
  const found = await client.ask<Page<DeliverySummary>>("GET", `/api/v1/dead${query}`);
  if (options["output"] === "json") console.json(found);
  else {
    printList(console, found);
    if (found.items.length > 0) {
      const groups = await client.ask<{ readonly items: readonly DeadGroup[] }>("GET", "/api/v1/dead/groups");
      const group = groups.items.find((one) => one.fingerprint === fingerprint);
      for (const line of group === undefined ? [] : hintLines(group)) console.note(oneLine(line));
    }
  }
  return EXIT.ok;
}
