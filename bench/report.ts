/** How a bench reports: numbers cut to what they are worth, and one JSON file that says when and on which machine they were measured. */

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { ROOT } from "../test/helpers/process.ts";

/** The option `--out` of a bench: the folder of its file. */
export const OUT = { type: "string", default: join(ROOT, "bench/results") } as const;

/** Of all processes that take part: they share it. */
export interface Machine {
  readonly cpu: string | undefined;
  readonly cores: number;
  readonly node: string;
}

export interface Report {
  readonly machine: Machine;
  /** What the file holds. */
  readonly text: string;
}

/** Writes what was measured to `<folder>/<name>.json`; the folder is made where there is none. */
export function writeReport(folder: string, name: string, measured: object): Report {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const at = new Date().toISOString();
  const text = `${JSON.stringify({ at, machine, ...measured }, undefined, 2)}\n`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), text);
  return { machine, text };
}

/** To hundredths. */
export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** To three digits that count. */
export function threeDigits(value: number): number {
  return Number(value.toPrecision(3));
}
