/** A parity comparison for people and for programs. */

import type { Parity, ShadowRun } from "../admin/shadow/index.ts";
import { amount } from "../core/amount.ts";
import { type Console, oneLine } from "./console.ts";

export interface Verdict {
  readonly ok: boolean;
  /** Percent that had to be the same. */
  readonly threshold: number;
  readonly from?: number;
  readonly until?: number;
}

/** Entries of each list that are printed; JSON has all. */
const SHOWN = 20;
/** Differences of one pair that are printed. */
const FIRST = 3;

/** What `-o json` shows. */
export function reportParity(parity: Parity): object {
  const { same, different, onlyHere, onlyThere, atTheEdge, added, score } = parity;
  return {
    ...{ score: score ?? null, same, atTheEdge },
    different: different.map(({ here, there, differences }) => ({
      ...{ here: nameOf(here), there: nameOf(there), differences },
    })),
    onlyHere: onlyHere.map(nameOf),
    onlyThere: onlyThere.map(nameOf),
    added: Object.fromEntries(added),
  };
}

const nameOf = ({ kind, namespace, name, listener, trigger, event, at }: ShadowRun): object => ({
  ...{ kind, namespace, name, listener, trigger, delivery: event },
  ...(at !== undefined && { at }),
});

export function printParity(console: Console, parity: Parity, verdict: Verdict): void {
  const { same, different, onlyHere, onlyThere, atTheEdge, added, score } = parity;
  const { colors } = console;
  const { from, until } = verdict;
  if (from !== undefined && until !== undefined)
    console.out(`from ${timeOf(from)}, the first delivery here, to ${timeOf(until)}`);
  console.table(
    ["SAME", "DIFFERENT", "ONLY HERE", "ONLY THERE", "AT THE EDGE"],
    [[same, different.length, onlyHere.length, onlyThere.length, atTheEdge].map(String)],
  );
  for (const { here, there, differences } of different.slice(0, SHOWN)) {
    console.out(`${colors.yellow("different")}  ${lineOf(here)} and ${oneLine(there.name)}`);
    for (const { path, here: a = "nothing", there: b = "nothing" } of differences.slice(0, FIRST))
      console.out(oneLine(`  ${path}: ${cut(a)} here, ${cut(b)} there`));
    if (differences.length > FIRST) console.out(`  and ${differences.length - FIRST} more`);
  }
  for (const run of onlyHere.slice(0, SHOWN)) console.out(`${colors.red("only here")}  ${lineOf(run)}`);
  for (const run of onlyThere.slice(0, SHOWN)) console.out(`${colors.red("only there")} ${lineOf(run)}`);
  const most = Math.max(different.length, onlyHere.length, onlyThere.length);
  if (most > SHOWN) console.note(`at most ${SHOWN} of each are shown: -o json has all`);
  if (added.size > 0) {
    const fields = [...added].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
    const counted = fields.map(([path, count]) => `${path} (${count})`).join(", ");
    console.out(colors.dim(oneLine(`only there, taken for the cluster's defaults: ${counted}`)));
  }
  console.out(conclusion(parity, verdict, score, colors));
}

function conclusion(
  { same, different, onlyHere, onlyThere }: Parity,
  { ok, threshold }: Verdict,
  score: number | undefined,
  colors: Console["colors"],
): string {
  if (score === undefined)
    return `${colors.red("✗")} nothing to compare: neither side has a run of this time`;
  const runs = same + different.length + onlyHere.length + onlyThere.length;
  const said = `parity ${percent(score)} % of ${amount(runs, "run")}`;
  return ok ? `${colors.green("✓")} ${said}` : `${colors.red("✗")} ${said}, expected ${threshold} %`;
}

/** Cut, not rounded: 99.96 is not 100. */
const percent = (score: number): number => Math.floor(score * 1_000) / 10;
const timeOf = (at: number): string => new Date(at).toISOString();
const cut = (text: string): string => (text.length > 120 ? `${text.slice(0, 119)}…` : text);

function lineOf({ kind, namespace, name, listener, trigger, at }: ShadowRun): string {
  const when = at === undefined ? "" : ` at ${timeOf(at)}`;
  return oneLine(`${kind} ${namespace}/${name} of ${listener} ${trigger}${when}`);
}
