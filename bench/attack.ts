/** `npm run bench:attack`: attacks real gateways and holds the cost against the bars; exit code 1 when one is passed. */

import { parseArgs } from "node:util";
import { ATTACKS } from "./attack/index.ts";
import { type Figure, holds } from "./attack/row.ts";
import { hundredths, OUT, writeReport } from "./report.ts";

const { values } = parseArgs({
  options: {
    /** Names of rows; all unless given. */
    row: { type: "string", multiple: true },
    out: OUT,
  },
});

const chosen = ATTACKS.filter(({ name }) => values.row?.includes(name) ?? true);
if (chosen.length === 0)
  throw new Error(`no such row; there are: ${ATTACKS.map(({ name }) => name).join(", ")}`);
const rows: { name: string; attack: string; figures: readonly Figure[]; holds: boolean }[] = [];
for (const { name, attack, run } of chosen) {
  process.stdout.write(`${name}: ${attack}\n`);
  const figures = (await run()).map((figure) => ({ ...figure, measured: hundredths(figure.measured) }));
  for (const { what, measured, atMost } of figures) {
    const bar =
      atMost === undefined ? "" : measured <= atMost ? ` (bar ${atMost})` : ` ABOVE the bar of ${atMost}`;
    process.stdout.write(`  ${what}: ${measured}${bar}\n`);
  }
  rows.push({ name, attack, figures, holds: figures.every(holds) });
}
if (values.row === undefined) writeReport(values.out, "attack", { rows });
process.exitCode = rows.every((row) => row.holds) ? 0 : 1;
