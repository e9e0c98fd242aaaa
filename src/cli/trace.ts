/** Decisions for people: each trigger with its steps, the verdicts, and the objects it makes. */

import { closestOf, type Decision, type TraceStep } from "../core/decision.ts";
import type { KubernetesObject } from "../core/job.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { isJsonObject } from "../core/json.ts";
import { type Console, oneLine } from "./console.ts";

const SIGN = { pass: "✓", stop: "○", error: "✗" } as const;

/** Prints a trigger's decision and the steps that led to it. */
export function printDecision(console: Console, decision: Omit<Decision, "job">): void {
  const { colors } = console;
  const { trigger, shown = `${trigger.namespace}/${trigger.name}`, result, reason, trace } = decision;
  const { green: matched, yellow: filtered, red: failed, cyan: waiting } = colors;
  const paint = { matched, filtered, failed, waiting }[result];
  console.out(`${colors.bold(oneLine(`trigger ${shown}`))}  ${paint(result)}`);
  for (const step of trace) printStep(console, step);
  console.out(
    `  ${colors.dim("=")} ${oneLine(reason)}${decision.code === undefined ? "" : colors.dim(` [${decision.code}]`)}`,
  );
}

function printStep({ out, colors }: Console, { station, name, verdict, reason, detail }: TraceStep): void {
  const paint = { pass: colors.green, stop: colors.yellow, error: colors.red }[verdict];
  const why = reason === undefined ? "" : `  ${oneLine(reason)}`;
  out(`  ${paint(SIGN[verdict])} ${station.padEnd(9)} ${oneLine(name)}${why}`);
  for (const line of detailLines(detail)) out(colors.dim(`      ${oneLine(line)}`));
}

const LONGEST = 200;

/** The values behind a step: `name = value`, and under an expression the values of its parts. */
function detailLines(detail: JsonValue | undefined): string[] {
  if (!isJsonObject(detail)) return [];
  return Object.entries(detail).flatMap(([name, value]) => {
    const expression = isJsonObject(value) ? value["expression"] : undefined;
    if (!isJsonObject(value) || typeof expression !== "string") return [`${name} = ${shown(value)}`];
    const { parts = [] } = value as { readonly parts?: readonly JsonObject[] };
    const inner = parts.map((part) => `  ${String(part["part"])} = ${valueOrError(part)}`);
    return [`${name}: ${cut(expression)} = ${valueOrError(value)}`, ...inner];
  });
}

function valueOrError({ value, error, hint }: JsonObject): string {
  if (error !== undefined) return `error: ${String(error)}`;
  const text = shown(value ?? null, JSON.stringify);
  return typeof hint === "string" ? `${text}  → ${hint}` : text;
}

function shown(value: JsonValue, printText: (text: string) => string = String): string {
  return cut(typeof value === "string" ? printText(value) : JSON.stringify(value));
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/**
 * The trigger that came furthest of those that did not match, for the question "why did nothing fire?".
 *
 * @returns undefined when something matched, or there is but one trigger, whose trace says it all.
 */
export function nearestMiss(decisions: readonly Decision[]): Decision | undefined {
  if (decisions.length < 2 || decisions.some(({ result }) => result === "matched")) return undefined;
  return closestOf(decisions);
}

/** Prints objects as a YAML stream, ready for `kubectl create -f -`. */
export function printObjects(console: Console, objects: readonly KubernetesObject[]): void {
  for (const object of objects) {
    console.out("---");
    console.yaml(object);
  }
}
