/** Runs vectors through the real code, and judges what differs: by design, or a failure. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../../src/core/errors.ts";
import { bindings } from "./suites/bindings.ts";
import { cel } from "./suites/cel.ts";
import { githubApi, gitInterceptors, interceptorHttp } from "./suites/interceptors.ts";
import { sink } from "./suites/sink.ts";
import { templates } from "./suites/templates.ts";
import { validation } from "./suites/validation.ts";
import type { Comparison, Suite, Vector, VectorFile } from "./vectors.ts";
import { agree, readVectors } from "./vectors.ts";

export const SUITES: readonly Suite[] = [
  bindings,
  templates,
  cel,
  gitInterceptors,
  githubApi,
  interceptorHttp,
  validation,
  sink,
];

/** Milliseconds after which a vector counts as hanging. A busy machine needs seconds for the list of a million items. */
const LIMIT_MS = 60_000;

/** A difference that is meant: one case, or all of a class. */
export interface ByDesign {
  readonly id?: string;
  readonly class?: string;
  readonly reason: string;
}

export interface Result extends Pick<Vector, "id" | "class"> {
  readonly file: string;
  readonly outcome: "passed" | "failed" | "by design";
  /** Why it failed, or differs. */
  readonly reason?: string;
  readonly input?: unknown;
  readonly comparison?: Comparison;
}

export interface Report {
  readonly results: readonly Result[];
  /** Files of vectors that are not in the folder. */
  readonly absent: readonly string[];
}

export function readByDesign(): readonly ByDesign[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, "by-design.json"), "utf8")) as ByDesign[];
}

/** Runs every vector in a folder. An entry of `byDesign` whose vectors agree is out of date, which is a failure. */
export async function runFolder(folder: string, byDesign = readByDesign()): Promise<Report> {
  const results: Result[] = [];
  const absent: string[] = [];
  for (const suite of SUITES) {
    const file = readVectors(folder, suite.file);
    if (file === undefined) absent.push(suite.file);
    else for (const vector of file.cases) results.push(await runVector(suite, vector, file, byDesign));
  }
  return { results, absent };
}

async function runVector(
  suite: Suite,
  vector: Vector,
  file: VectorFile,
  byDesign: readonly ByDesign[],
): Promise<Result> {
  const { id, class: name, input } = vector;
  const about = { id, class: name, file: suite.file };
  const meant = byDesign.find((entry) => entry.id === id || entry.class === name);
  let comparison: Comparison;
  try {
    comparison = await within(LIMIT_MS, Promise.resolve(suite.compare(vector, file)));
  } catch (error) {
    return { ...about, outcome: "failed", reason: `it threw: ${reasonOf(error)}`, input };
  }
  const same = agree(comparison);
  if (meant === undefined && same) return { ...about, outcome: "passed" };
  if (meant !== undefined && !same) return { ...about, outcome: "by design", reason: meant.reason };
  const reason = same ? "it agrees, but by-design.json says that it differs" : "it differs";
  return { ...about, outcome: "failed", reason, input, comparison };
}

function within<T>(limit: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no result within ${limit} ms`)), limit);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
