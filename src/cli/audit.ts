/** `sluice audit`: proves from the ledger that nothing accepted was lost, and says what a ledger alone cannot show. */

import { type Acknowledgement, type AuditReport, lostInWords } from "../core/acknowledged.ts";
import { amount } from "../core/amount.ts";
import { OUTCOMES } from "../core/ledger.ts";
import { openClient } from "./client.ts";
import { type Console, oneLine } from "./console.ts";
import { settingOptions } from "./settings.ts";
import { EXIT, GATEWAY, JSON_OUTPUT, listOption, type Verb } from "./verb.ts";

const UNASKED =
  "no gateway was asked: what the store itself forgot cannot be seen here (--gateway <url>, once for each gateway)";

export const audit: Verb = {
  help: `
Counts every record of the ledger, compares with its counters, looks for each pending job in the queue, and for objects
that two deliveries claim. Exit code 1 when something does not add up. After a crash jobs may stand in the ledger alone for
a moment: they are counted, and the next sweep of a worker brings them to the queue.

A store that lost writes (a failover, a restart without its log) keeps no trace of them. Each gateway remembers the last
10,000 deliveries that it acknowledged, and looks for them: name every gateway, so that each is asked. What was acknowledged
before a gateway's start, or before those 10,000, none can tell.

  sluice audit
  sluice audit --store redis://localhost:6379 -o json
  sluice audit --gateway http://10.0.0.1:9000 --gateway http://10.0.0.2:9000`,
  options: [
    ...settingOptions("store", "adminToken", "adminCa"),
    { ...GATEWAY, description: `${GATEWAY.description}; may be given once for each gateway`, many: true },
    JSON_OUTPUT,
  ],
  async run({ console, environment }, _args, options) {
    const [first, ...others] = listOption(options, "gateway");
    const at = (gateway: string | undefined) =>
      openClient({ ...options, ...(gateway !== undefined && { gateway }) }, environment);
    await using client = await at(first);
    const result = await client.ask<AuditReport>("GET", "/api/v1/audit");
    const gateways = result.acknowledged === undefined ? [] : [result.acknowledged];
    for (const url of others) {
      await using other = await at(url);
      gateways.push(await other.ask<Acknowledgement>("GET", "/api/v1/acknowledged"));
    }
    const foreign = gateways.filter(({ store }) => store !== gateways[0]?.store);
    const violations = [
      ...result.violations,
      ...gateways
        .slice(1)
        .flatMap(({ forgotten }) =>
          forgotten === undefined ? [] : [lostInWords(forgotten, "another gateway")],
        ),
      ...foreign.map(({ store }) => `a gateway that was asked works on another store: ${store}`),
    ];
    const balanced = violations.length === 0;
    const unknown = gateways.length === 0 ? [UNASKED] : gateways.map(limitOf);
    if (options["output"] === "json") console.json({ balanced, ...result, violations, gateways, unknown });
    else print(console, { ...result, violations }, gateways, unknown);
    return balanced ? EXIT.ok : EXIT.no;
  },
};

const limitOf = ({ since, looked, count }: Acknowledgement): string => {
  const older = count > looked ? `; nor the ${count - looked} before the last ${looked}` : "";
  return `what was acknowledged before ${new Date(since).toISOString()}, or by gateways that were not asked, was not looked for${older}`;
};

function print(
  console: Console,
  result: AuditReport,
  gateways: readonly Acknowledgement[],
  unknown: readonly string[],
): void {
  const { colors } = console;
  const sum = OUTCOMES.map((outcome) => `${result[outcome]} ${outcome}`).join(" + ");
  console.out(`${result.accepted} accepted = ${sum}`);
  console.out(`${amount(result.runs, "object")} created`);
  for (const { count, looked, since } of gateways) {
    const start = new Date(since).toISOString();
    console.out(`${count} acknowledged by a gateway since ${start}; its last ${looked} were looked for`);
  }
  const waiting = result.unqueued?.length ?? 0;
  if (waiting > 0) {
    const jobs = amount(waiting, "pending job is", "pending jobs are");
    const words = `${jobs} not in the queue yet, as after a crash; a worker's next sweep mends that`;
    console.out(`${colors.yellow("!")} ${words}`);
  }
  for (const words of unknown) console.out(`${colors.yellow("!")} ${oneLine(words)}`);
  for (const violation of result.violations) console.out(`${colors.red("✗")} ${oneLine(violation)}`);
  console.out(
    result.violations.length === 0
      ? colors.green("✓ nothing lost, nothing twice")
      : colors.red("✗ the law is broken"),
  );
}
