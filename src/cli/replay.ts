/** `sluice replay`: stored deliveries are decided again, by the gateway that serves their listeners. */

import { amount } from "../core/amount.ts";
import { BATCH_OPTIONS, filterSelection, mannerOf, resumeBatch, runBatch, type Wording } from "./batch.ts";
import { cancelBatch, listBatches } from "./batch-list.ts";
import { openClient } from "./client.ts";
import { oneLine } from "./console.ts";
import { filterOptions } from "./filters.ts";
import { settingOptions } from "./settings.ts";
import type { Exit, Options, Verb, VerbContext } from "./verb.ts";
import { EXIT, GATEWAY, JSON_OUTPUT, misused, textOption } from "./verb.ts";

const WORDING: Wording = {
  will: ({ total, objects, different, failed }) => {
    const others = `${different} would be decided otherwise than the first time`;
    const not = failed > 0 ? `, ${failed} cannot be decided now` : "";
    return `this will decide ${amount(total, "delivery", "deliveries")} again and start ${amount(objects, "run")}; ${others}${not}`;
  },
  did: "replayed",
};

const PATH = "/api/v1/replays";
/** What is done with replays of many that were ordered before; camel-cased as options are. */
const KEPT = ["list", "cancel", "resume"] as const;

export const replay: Verb = {
  help: `
A replay is a delivery of its own that points to its origin; its objects get new names. The gateway decides it, because
it knows the triggers in force. It is asked on its admin port: --gateway, else the gateway that has the store open, else
the setting admin.

  sluice replay 019ab… --reason "template was broken until 3 am"
  sluice replay --event push --since 24h --count              # how many would that be?
  sluice replay --outcome filtered --since 24h --dry-run      # what would differ from the first time?
  sluice replay --outcome filtered --since 24h --rate 5 --only-trigger ci/build
  sluice replay --fingerprint K3v1…                           # the dead letters of one cause, once it is put right

Without ids the filters select, as in \`sluice deliveries list\`; duplicates and replays are left out. The oldest go
first. A dead letter whose replay creates what had failed is resolved by it. On a terminal the number of runs is shown and confirmed; elsewhere --yes says so. Ctrl-C ends it after the
delivery in hand. Exit code 1 when some could not be replayed.

  sluice replay --list                  # the latest of many: how far they are, and who ordered them
  sluice replay --cancel 019ab…         # end one, whoever ordered it
  sluice replay --resume 019ab…         # go on with one

A replay of many runs in the gateway that took it and goes on when its caller is gone. --list and --cancel ask the store
where no --gateway is named. --resume goes on with what was cancelled, failed, or was interrupted when its gateway ended
(30 s after that fell silent), and replays nothing twice.`,
  options: [
    ...filterOptions(),
    {
      flags: "--fingerprint <text>",
      description: "the dead letters of one cause, as `sluice dead` names it",
    },
    { flags: "--only-trigger <name>", description: "decide for this trigger only: name or namespace/name" },
    { flags: "--list", description: "show the latest replays of many" },
    { flags: "--cancel <id>", description: "end a replay of many after the delivery in hand" },
    { flags: "--resume <id>", description: "go on with a replay of many that ended early" },
    ...BATCH_OPTIONS,
    ...settingOptions("store", "admin", "adminToken", "adminCa"),
    GATEWAY,
    JSON_OUTPUT,
  ],
  async run(context, ids, options) {
    if (KEPT.some((name) => options[name] !== undefined)) return await ofKept(context, ids, options);
    const filter = filterSelection(options);
    const fingerprint = textOption(options, "fingerprint");
    const ways = [ids.length > 0, filter !== undefined, fingerprint !== undefined].filter(Boolean).length;
    if (ways !== 1)
      throw misused("replay", "wants ids, a --fingerprint, or filters (--since 24h), and only one of them");
    const trigger = textOption(options, "onlyTrigger");
    const manner = { ...mannerOf(context, options), ...(trigger !== undefined && { trigger }) };
    await using client = await openClient(options, context.environment, true);
    const [only, ...more] = ids;
    if (only !== undefined && more.length === 0 && !options["dryRun"] && !options["count"]) {
      const { rate: _none, ...note } = manner as { readonly rate?: number };
      const path = `/api/v1/deliveries/${encodeURIComponent(only)}/replay`;
      const made = await client.ask<{ id: string }>("POST", path, note);
      if (options["output"] === "json") context.console.json(made);
      else context.console.out(`replayed as ${oneLine(made.id)}`);
      return EXIT.ok;
    }
    const selection = filter ?? (fingerprint === undefined ? { ids } : { fingerprint });
    const body = { ...selection, ...manner };
    const request = { path: PATH, body } as const;
    return await runBatch(context, client, request, options, WORDING, ids.length === 0);
  },
};

async function ofKept(context: VerbContext, ids: readonly string[], options: Options): Promise<Exit> {
  const { console, environment } = context;
  const given = KEPT.filter((name) => options[name] !== undefined);
  if (
    given.length > 1 ||
    ids.length > 0 ||
    filterSelection(options) !== undefined ||
    options["fingerprint"] !== undefined
  ) {
    const reason = "stands alone: without ids, filters, and the others of --list, --cancel and --resume";
    throw misused(`--${given[0]}`, reason);
  }
  const [cancelled, resumed] = [textOption(options, "cancel"), textOption(options, "resume")];
  await using client = await openClient(options, environment, resumed !== undefined);
  if (resumed === undefined) {
    if (cancelled !== undefined) return await cancelBatch(console, client, PATH, cancelled, options);
    return await listBatches(console, client, PATH, options);
  }
  const { rate: _kept, ...body } = mannerOf(context, options) as { readonly rate?: number };
  return await resumeBatch(context, client, { path: PATH, body }, resumed, options, WORDING);
}
