/** `sluice audit`: proves from the ledger that nothing accepted was lost. */

import type { Audit } from "../core/ledger.ts";
import { OUTCOMES } from "../core/ledger.ts";
import { openClient } from "./client.ts";
import { oneLine } from "./console.ts";
import { settingOptions } from "./settings.ts";
import { EXIT, GATEWAY, JSON_OUTPUT, type Verb } from "./verb.ts";

export const audit: Verb = {
  name: "audit",
  summary: "prove that accepted = created + filtered + duplicate + dead + pending",
  help: `
Counts every record of the ledger, compares with its counters, looks for each pending job in the queue, and for objects
that two deliveries claim. Exit code 1 when something does not add up. After a crash jobs may stand in the ledger alone for
a moment: they are counted, and the next sweep of a worker brings them to the queue.

  sluice audit
  sluice audit --store redis://localhost:6379 -o json`,
  options: [...settingOptions("store", "adminToken", "adminCa"), GATEWAY, JSON_OUTPUT],
  async run({ console, environment }, _args, options) {
    await using client = await openClient(options, environment);
    const result = await client.ask<Audit>("GET", "/api/v1/audit");
    const balanced = result.violations.length === 0;
    if (options["output"] === "json") console.json({ balanced, ...result });
    else {
      const { colors } = console;
      const sum = OUTCOMES.map((outcome) => `${result[outcome]} ${outcome}`).join(" + ");
      console.out(`${result.accepted} accepted = ${sum}`);
      console.out(`${result.runs} objects created`);
      const waiting = result.unqueued?.length ?? 0;
      if (waiting > 0) {
        const jobs = waiting === 1 ? "1 pending job is" : `${waiting} pending jobs are`;
        const words = `${jobs} not in the queue yet, as after a crash; a worker's next sweep mends that`;
        console.out(`${colors.yellow("!")} ${words}`);
      }
      for (const violation of result.violations) console.out(`${colors.red("✗")} ${oneLine(violation)}`);
      console.out(
        balanced ? colors.green("✓ nothing lost, nothing twice") : colors.red("✗ the law is broken"),
      );
    }
    return balanced ? EXIT.ok : EXIT.no;
  },
};
