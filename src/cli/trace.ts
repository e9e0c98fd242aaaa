/** Decisions for people: each trigger with its steps, the verdicts, and the objects it makes. */

import type { Decision, TraceStep } from "../core/decision.ts";
import type { KubernetesObject } from "../core/job.ts";
import { type Console, oneLine } from "./console.ts";

const SIGN = { pass: "✓", stop: "○", error: "✗" } as const;

/** Prints a trigger's decision and the steps that led to it. */
export function printDecision(console: Console, decision: Omit<Decision, "job">): void {
  const { colors } = console;
  const { trigger, result, reason, trace } = decision;
  const paint = { matched: colors.green, filtered: colors.yellow, failed: colors.red }[result];
  console.out(`${colors.bold(oneLine(`trigger ${trigger.namespace}/${trigger.name}`))}  ${paint(result)}`);
  for (const step of trace) printStep(console, step);
  console.out(
    `  ${colors.dim("=")} ${oneLine(reason)}${decision.code === undefined ? "" : colors.dim(` [${decision.code}]`)}`,
  );
}

function printStep({ out, colors }: Console, { station, name, verdict, reason, detail }: TraceStep): void {
  const paint = { pass: colors.green, stop: colors.yellow, error: colors.red }[verdict];
  const why = reason === undefined ? "" : `  ${oneLine(reason)}`;
  out(`  ${paint(SIGN[verdict])} ${station.padEnd(9)} ${oneLine(name)}${why}`);
  if (typeof detail !== "object" || detail === null || Array.isArray(detail)) return;
  for (const [key, value] of Object.entries(detail)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    out(
      colors.dim(`      ${oneLine(key)} = ${oneLine(text.length > 200 ? `${text.slice(0, 200)}…` : text)}`),
    );
  }
}

/** Prints objects as a YAML stream, ready for `kubectl create -f -`. */
export function printObjects(console: Console, objects: readonly KubernetesObject[]): void {
  for (const object of objects) {
    console.out("---");
    console.yaml(object);
  }
}
