/** `npm run faults`: the rows in their long form, as a table and as JSON. `--rows 1,4-6 --repeat 3 --short --out <dir>`. */

import { parseArgs } from "node:util";
import { OUT, writeReport } from "../../bench/report.ts";
import type { Outcome } from "./perform.ts";
import { perform } from "./perform.ts";
import { ROWS } from "./rows/index.ts";
import { SIZES } from "./stage.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: `1-${ROWS.length}` },
    repeat: { type: "string", default: "1" },
    short: { type: "boolean", default: false },
    out: OUT,
  },
});

const size = values.short ? SIZES.short : SIZES.long;
const chosen = numbersOf(values.rows);
const interrupted = new Promise<never>((_resolve, reject) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => reject(new Error(`ended by ${signal}`)));
  }
});

const outcomes: Outcome[] = [];
for (let round = 0; round < Number(values.repeat); round++) {
  for (const row of ROWS.filter(({ number }) => chosen.has(number))) {
    const outcome = await perform(row, size, interrupted);
    outcomes.push(outcome);
    tell(outcome);
  }
}
report();
process.exitCode = outcomes.every(({ faults }) => faults.length === 0) ? 0 : 1;

function tell({ row, name, faults, defects, drainMs, measured }: Outcome): void {
  const seconds = (drainMs / 1_000).toFixed(1);
  const extra = Object.entries(measured).map(([key, value]) => `, ${key} ${value}`);
  console.log(`${faults.length === 0 ? "✓" : "✗"} ${row} ${name}: drained in ${seconds} s${extra.join("")}`);
  for (const fault of faults) console.log(`    ${fault}`);
  for (const [defect, times] of Object.entries(defects)) console.log(`    logged ${times} times: ${defect}`);
}

function report(): void {
  const columns = outcomes.map(({ row, name, sent, accepted, unanswered, objects, ...rest }) => ({
    ...{ row, name, sent, accepted, unanswered, objects },
    ...{ lost: rest.lost, twice: rest.twice, strangers: rest.strangers },
    "refused (503)": rest.statuses[503] ?? 0,
    "no answer": rest.statuses[0] ?? 0,
    "drained s": Math.round(rest.drainMs / 100) / 10,
    faults: rest.faults.length,
  }));
  console.table(columns);
  writeReport(values.out, "faults", { size, rows: outcomes });
}

/** `1,4-6` as numbers. */
function numbersOf(text: string): ReadonlySet<number> {
  const numbers = text.split(",").flatMap((part) => {
    const [from = Number.NaN, to = from] = part.split("-").map(Number);
    return ROWS.map(({ number }) => number).filter((number) => number >= from && number <= to);
  });
  if (numbers.length === 0)
    throw new Error(`--rows ${text} names no row; expected 1-${ROWS.length}, as in 1,4-6`);
  return new Set(numbers);
}
