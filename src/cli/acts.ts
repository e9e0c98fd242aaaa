/** `sluice acts`: who did what, and why. */

import type { FoldedAct } from "../admin/index.ts";
import type { Page } from "../core/ledger.ts";
import { openClient } from "./client.ts";
import { ago } from "./console.ts";
import { queryOf } from "./filters.ts";
import { settingOptions } from "./settings.ts";
import { EXIT, GATEWAY, JSON_OUTPUT, textOption, type Verb } from "./verb.ts";

export const acts: Verb = {
  help: `
Everything a person does is written down before it is done, with the name of the token that allowed it. What was done to
many at once is one entry with their number; --each shows them one by one.

  sluice acts
  sluice acts --limit 200 -o json`,
  options: [
    { flags: "--limit <count>", description: "how many at most", default: "20" },
    { flags: "--each", description: "an entry for each delivery, also of what was done to many at once" },
    { flags: "--cursor <text>", description: "goes on where the last list ended" },
    ...settingOptions("store", "adminToken", "adminCa"),
    GATEWAY,
    JSON_OUTPUT,
  ],
  async run({ console, environment }, _args, options) {
    await using client = await openClient(options, environment);
    const page = {
      limit: textOption(options, "limit"),
      cursor: textOption(options, "cursor"),
      ...(options["each"] === true && { each: true }),
    };
    const found = await client.ask<Page<FoldedAct>>("GET", `/api/v1/acts${queryOf(page)}`);
    if (options["output"] === "json") console.json(found);
    else if (found.items.length === 0) console.note("nobody did anything yet");
    else {
      const now = Date.now();
      const rows = found.items.map(({ at, verb, subject, actor = "", reason = "", count = 1 }) => {
        return [ago(at, now), actor, count === 1 ? verb : `${verb} ×${count}`, subject, reason];
      });
      console.table(["AGE", "WHO", "DID", "TO", "WHY"], rows);
      if (found.next !== undefined) console.note(`more: --cursor ${found.next}`);
    }
    return EXIT.ok;
  },
};
