/** `npm run faults`: the rows in their long form, as a table and as JSON. `--help` tells how to choose among them. */

import { parseArgs } from "node:util";
import { OUT, writeReport } from "../../bench/report.ts";
import { reasonOf } from "../../src/core/errors.ts";
import type { Outcome } from "./perform.ts";
import { perform } from "./perform.ts";
import { ROWS } from "./rows/index.ts";
import type { Row } from "./rows/row.ts";
import { SIZES } from "./stage.ts";
import { summarize } from "./summary.ts";

/** Numbers have gaps: they are kept when rows come and go. */
const LAST = Math.max(...ROWS.map(({ number }) => number));

const HELP = `npm run faults -- [options]

  --rows <numbers>   of 1-${LAST}, as in 1,4-6; default: all
  --repeat <times>   how often each row is run; default: 1
  --short            ${SIZES.short.deliveries} deliveries each instead of ${SIZES.long.deliveries}
  --out <dir>        where faults.json is written; default: bench/results for all rows in their long form, else nowhere

${ROWS.map(({ number, name }) => `  ${String(number).padStart(2)} ${name}`).join("\n")}
`;

interface Choice {
  readonly rows: typeof ROWS;
  readonly size: (typeof SIZES)[keyof typeof SIZES];
  readonly repeat: number;
  readonly out: string | undefined;
}

const choice = chosen();
process.exitCode = typeof choice === "number" ? choice : await runAll(choice);

/** @returns 0 when every row held every time. */
async function runAll({ rows, size, repeat, out }: Choice): Promise<0 | 1> {
  const interrupted = new Promise<never>((_resolve, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => reject(new Error(`ended by ${signal}`)));
    }
  });
  const outcomes: Outcome[] = [];
  for (let round = 0; round < repeat; round++) {
    for (const row of rows) {
      const lack = lackOf(row);
      if (lack !== undefined) {
        console.log(`- ${row.number} ${row.name}: not run: ${lack}`);
        continue;
      }
      const outcome = await perform(row, size, interrupted);
      outcomes.push(outcome);
      tell(outcome);
    }
    // After each round: an hour of them may be interrupted.
    if (out !== undefined) writeReport(out, "faults", { size, rows: summarize(outcomes) });
  }
  print(outcomes);
  return outcomes.every(({ faults }) => faults.length === 0) ? 0 : 1;
}

function tell({ row, name, faults, defects, drainMs, measured }: Outcome): void {
  const seconds = (drainMs / 1_000).toFixed(1);
  const extra = Object.entries(measured).map(([key, value]) => `, ${key} ${value}`);
  console.log(`${faults.length === 0 ? "✓" : "✗"} ${row} ${name}: drained in ${seconds} s${extra.join("")}`);
  for (const fault of faults) console.log(`    ${fault}`);
  for (const [defect, times] of Object.entries(defects)) console.log(`    logged ${times} times: ${defect}`);
}

function print(outcomes: readonly Outcome[]): void {
  const columns = summarize(outcomes).map(({ row, name, runs, sent, accepted, unanswered, ...rest }) => ({
    ...{ row, name, runs, sent, accepted, unanswered, objects: rest.objects },
    ...{ lost: rest.lost, twice: rest.twice, strangers: rest.strangers },
    "refused (503)": rest.statuses[503] ?? 0,
    "no answer": rest.statuses[0] ?? 0,
    "drained s": Math.round(rest.drainMs / 100) / 10,
    faults: rest.faults.length,
  }));
  console.table(columns);
}

/** @returns an exit code where nothing is to be run: 0 for help, 2 for arguments that make no sense. */
function chosen(): Choice | 0 | 2 {
  try {
    const choice = choiceOf(process.argv.slice(2));
    if (choice === undefined) console.log(HELP);
    return choice ?? 0;
  } catch (error) {
    console.error(`${reasonOf(error)}\n\n${HELP}`);
    return 2;
  }
}

/** @returns undefined when help was asked for. @throws Error that says what is wrong with the arguments. */
function choiceOf(args: string[]): Choice | undefined {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: "string", default: `1-${LAST}` },
      repeat: { type: "string", default: "1" },
      short: { type: "boolean", default: false },
      out: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const numbers = numbersOf(values.rows);
  const rows = ROWS.filter(({ number }) => numbers.has(number));
  const repeat = Number(values.repeat);
  if (!Number.isInteger(repeat) || repeat < 1) {
    throw new Error(`--repeat ${values.repeat}: expected a whole number from 1`);
  }
  const whole = !values.short && rows.length === ROWS.length;
  return {
    ...{ rows, repeat, size: values.short ? SIZES.short : SIZES.long },
    out: values.out ?? (whole ? OUT.default : undefined),
  };
}

/** `1,4-6` as numbers. */
function numbersOf(text: string): ReadonlySet<number> {
  const numbers = text.split(",").flatMap((part) => {
    const [from = Number.NaN, to = from] = part.split("-").map(Number);
    return ROWS.map(({ number }) => number).filter((number) => number >= from && number <= to);
  });
  if (numbers.length === 0) throw new Error(`--rows ${text}: no row has such a number`);
  return new Set(numbers);
}

function lackOf(row: Row): string | undefined {
  return row.lacks?.();
}
