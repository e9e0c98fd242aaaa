/** A report for people: each failure with input, expected and got, a table by file and class, one last line. */

import type { Report, Result } from "./runner.ts";

const MAX_TEXT = 1_200;
const OUTCOMES = ["passed", "failed", "by design"] as const;

export function printReport({ results, absent }: Report): string {
  const failures = results.filter(({ outcome }) => outcome === "failed").map(failure);
  const meant = results.filter(({ outcome }) => outcome === "by design");
  const lines = [
    ...failures,
    ...table(results),
    ...meant.map(({ id, reason }) => `by design ${id}: ${reason}`),
    ...absent.map((file) => `NOT RUN: ${file} is absent`),
    OUTCOMES.map((outcome) => `${count(results, outcome)} ${outcome}`).join(", "),
  ];
  return `${lines.join("\n")}\n`;
}

function failure({ id, class: name, reason, input, comparison }: Result): string {
  const lines = [`FAILED ${id} (${name}): ${reason}`, `  input    ${shown(input)}`];
  if (comparison !== undefined) {
    lines.push(`  expected ${shown(comparison.want)}`, `  got      ${shown(comparison.got)}`);
  }
  return lines.join("\n");
}

function table(results: readonly Result[]): readonly string[] {
  const row = (name: string, cells: readonly (string | number)[]) =>
    name.padEnd(36) + cells.map((cell) => String(cell).padStart(11)).join("");
  const lines = [row("file and class", OUTCOMES)];
  for (const [file, ofFile] of Map.groupBy(results, (result) => result.file)) {
    lines.push(row(file, counts(ofFile)));
    for (const [name, ofClass] of Map.groupBy(ofFile, (result) => result.class)) {
      lines.push(row(`  ${name}`, counts(ofClass)));
    }
  }
  return lines;
}

function counts(results: readonly Result[]): readonly number[] {
  return OUTCOMES.map((outcome) => count(results, outcome));
}

function count(results: readonly Result[], wanted: Result["outcome"]): number {
  return results.filter(({ outcome }) => outcome === wanted).length;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
