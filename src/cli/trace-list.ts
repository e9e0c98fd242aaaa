/** The decisions of one delivery for people: a few triggers in full; of many the nearest in full, and a line for the others. */

import { type Decision, passedSteps } from "../core/decision.ts";
import { type Console, oneLine } from "./console.ts";
import { nearestMiss, printDecision } from "./trace.ts";

/** So many are shown in full, in the order of the listener. */
const FEW = 5;
/** Lines for those that are folded. */
const MOST_LINES = 15;
/** Characters of a reason in such a line. */
const REASON = 100;

/** Prints them, and which trigger came closest where nothing fired. */
export function printDecisions(console: Console, decisions: readonly Decision[]): void {
  if (decisions.length <= FEW) for (const decision of decisions) printDecision(console, decision);
  else printNearest(console, decisions);
  const nearest = nearestMiss(decisions);
  if (nearest === undefined) return;
  console.out(`nothing fired; trigger ${nameOf(nearest)} came closest: ${oneLine(nearest.reason)}`);
}

function printNearest(console: Console, decisions: readonly Decision[]): void {
  const sorted = [...decisions].sort((a, b) => nearness(b) - nearness(a));
  const isWhole = ({ result }: Decision) => result !== "filtered";
  const whole = sorted.some(isWhole) ? sorted.filter(isWhole) : sorted.slice(0, 1);
  const shown = whole.slice(0, FEW);
  for (const decision of shown) printDecision(console, decision);
  const folded = sorted.filter((decision) => !shown.includes(decision));
  for (const decision of folded.slice(0, MOST_LINES)) {
    const { result, reason } = decision;
    const line = oneLine(`trigger ${nameOf(decision)}  ${result}  ${cut(reason)}`);
    console.out(console.colors.dim(line));
  }
  const left = folded.length - MOST_LINES;
  const more = left > 0 ? `${left} more triggers, further from firing; ` : "";
  console.out(console.colors.dim(`${more}--trigger <name> shows one in full, -o json all of them`));
}

/** Where the trigger has no name of its own, its place. */
function nameOf({ trigger, shown = `${trigger.namespace}/${trigger.name}` }: Decision): string {
  return shown;
}

/** What fired first, then what would have; of those that said no, who came furthest. */
function nearness(decision: Decision): number {
  const base = { matched: 3_000, failed: 2_000, waiting: 1_000, filtered: 0 }[decision.result];
  return base + Math.min(passedSteps(decision), 999);
}

function cut(text: string): string {
  return text.length > REASON ? `${text.slice(0, REASON - 1)}…` : text;
}
