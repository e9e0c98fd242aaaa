/** Vectors: Tekton's recorded answers, as ../shared/conformance/README.md describes them. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../../src/core/json.ts";

/** Where the vectors of this project's workspace stand. */
export const SHARED = join(import.meta.dirname, "../../../shared/conformance");

/** Vectors of ours: Tekton's answers to inputs that were written for this project. */
export const OWN = join(import.meta.dirname, "vectors");

export interface Vector<Input = unknown, Output = unknown> {
  readonly id: string;
  readonly class: string;
  readonly note?: string;
  readonly input: Input;
  readonly output: Output;
}

export interface ApiResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly resource: string;
}

export interface VectorFile {
  readonly cases: readonly Vector[];
  /** The kinds that the cluster knows in these cases. */
  readonly apiResources?: readonly ApiResource[];
}

/** What one vector came to: what the code made of it beside what Tekton made of it, both without what need not match. */
export interface Comparison {
  readonly got: unknown;
  readonly want: unknown;
}

/** Runs the vectors of one file. */
export interface Suite {
  readonly file: string;
  compare(vector: Vector, file: VectorFile): Comparison | Promise<Comparison>;
}

/** Types a suite's vectors: what a file holds is known by its name alone. */
export function suite<Input, Output>(
  file: string,
  compare: (vector: Vector<Input, Output>, file: VectorFile) => Comparison | Promise<Comparison>,
): Suite {
  return { file, compare: (vector, whole) => compare(vector as Vector<Input, Output>, whole) };
}

/** Reads a file of vectors; undefined where it is absent. */
export function readVectors(folder: string, file: string): VectorFile | undefined {
  const path = join(folder, file);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as VectorFile) : undefined;
}

/** True when both are the same JSON: the order of keys never matters, -0 is 0, what is undefined is absent. */
export function agree({ got, want }: Comparison): boolean {
  return isDeepStrictEqual(asJson(got), asJson(want));
}

function asJson(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

/** An interceptor's response as far as it has to match. */
export interface InterceptorResponse {
  readonly continue?: boolean;
  readonly extensions?: JsonObject | null;
  readonly status?: { readonly code?: number };
}

/** Compares two responses; where the reference crashed, any refusal is right. */
export function compareResponses(
  got: InterceptorResponse,
  want: InterceptorResponse,
  crash = false,
): Comparison {
  if (crash) return { got: got.continue ?? false, want: false };
  return { got: essence(got), want: essence(want) };
}

function essence(response: InterceptorResponse) {
  return {
    continue: response.continue ?? false,
    code: response.status?.code ?? 0,
    extensions: response.extensions ?? null,
  };
}
