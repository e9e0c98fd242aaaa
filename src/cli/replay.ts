/** `sluice replay`: stored deliveries are decided again, by the gateway that serves their listeners. */

import { fault } from "../core/errors.ts";
import { BATCH_OPTIONS, filterSelection, mannerOf, resumeBatch, runBatch, type Wording } from "./batch.ts";
import { openClient } from "./client.ts";
import { oneLine } from "./console.ts";
import { filterOptions } from "./filters.ts";
import { settingOptions } from "./settings.ts";
import { EXIT, GATEWAY, JSON_OUTPUT, textOption, type Verb } from "./verb.ts";

const WORDING: Wording = {
  will: ({ total, objects, different, failed }) => {
    const others = `${different} would be decided otherwise than the first time`;
    const not = failed > 0 ? `, ${failed} cannot be decided now` : "";
    return `this will decide ${total} deliveries again and start ${objects} runs; ${others}${not}`;
  },
  did: "replayed",
};

export const replay: Verb = {
  name: "replay",
  usage: "[ids...]",
  summary: "decide stored deliveries again, with the triggers of now",
  help: `
A replay is a delivery of its own that points to its origin; its objects get new names. The gateway decides it, because
it knows the triggers in force. It is asked on its admin port: --gateway, else the gateway that has the store open, else
the setting admin.

  sluice replay 019ab… --reason "template was broken until 3 am"
  sluice replay --event push --since 24h --count              # how many would that be?
  sluice replay --outcome filtered --since 24h --dry-run      # what would differ from the first time?
  sluice replay --outcome filtered --since 24h --rate 5 --only-trigger ci/build

Without ids the filters select, as in \`sluice deliveries list\`; duplicates and replays are left out. The oldest go
first. On a terminal the number of runs is shown and confirmed; elsewhere --yes says so. Ctrl-C ends it after the
delivery in hand. What a restart of the gateway interrupts is listed by its API (/api/v1/replays) as interrupted;
--resume goes on with it and replays nothing twice. Exit code 1 when some could not be replayed.`,
  options: [
    ...filterOptions(),
    { flags: "--only-trigger <name>", description: "decide for this trigger only: name or namespace/name" },
    { flags: "--resume <id>", description: "go on with replays of many that a restart interrupted" },
    ...BATCH_OPTIONS,
    ...settingOptions("store", "admin", "adminToken"),
    GATEWAY,
    JSON_OUTPUT,
  ],
  async run(context, ids, options) {
    const resumed = textOption(options, "resume");
    if (resumed !== undefined && ids.length === 0) {
      const { rate: _kept, ...body } = mannerOf(context, options) as { readonly rate?: number };
      await using client = await openClient(options, context.environment, true);
      const request = { path: "/api/v1/replays", body } as const;
      return await resumeBatch(context, client, request, resumed, options, WORDING);
    }
    const filter = filterSelection(options);
    if (ids.length > 0 === (filter !== undefined)) {
      const reason = "`replay` wants ids, or filters (--since 24h), and not both";
      throw fault("SLUICE_CONFIG_INVALID", { key: "id", reason });
    }
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
    const body = { ...(filter ?? { ids }), ...manner };
    const request = { path: "/api/v1/replays", body } as const;
    return await runBatch(context, client, request, options, WORDING, filter !== undefined);
  },
};
