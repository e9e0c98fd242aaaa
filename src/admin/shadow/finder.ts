/** Finds the runs that could be the same as another, without comparing it with every one of them. */

import type { JsonValue } from "../../core/json.ts";
import { isJsonObject } from "../../core/json.ts";
import { leafOf, ownParts } from "./differ.ts";
import type { ShadowRun } from "./run.ts";

export interface Finder {
  /** Those that are left and hold the value of `run` that the fewest hold: every run that is the same is among them. */
  alike(run: ShadowRun): Iterable<ShadowRun>;
  /** Those that are left, at most so many, the nearest in time. */
  near(run: ShadowRun, withinMs: number, most: number): readonly ShadowRun[];
  remove(run: ShadowRun): void;
  left(): readonly ShadowRun[];
}

/** @param runs in the order in which they are to be found. */
export function createFinder(runs: readonly ShadowRun[]): Finder {
  const left = new Set(runs);
  const holders = new Map<string, Set<ShadowRun>>();
  for (const run of runs)
    for (const leaf of leavesOf(run)) {
      const known = holders.get(leaf);
      if (known === undefined) holders.set(leaf, new Set([run]));
      else known.add(run);
    }

  return {
    alike(run) {
      let fewest: ReadonlySet<ShadowRun> = left;
      for (const leaf of leavesOf(run)) {
        const found = holders.get(leaf) ?? NONE;
        if (found.size < fewest.size) fewest = found;
      }
      return fewest;
    },
    near(run, withinMs, most) {
      const found = Array.from(left, (other) => ({ other, apart: distance(run, other) }));
      return found
        .filter(({ apart }) => apart <= withinMs)
        .sort((a, b) => a.apart - b.apart)
        .slice(0, most)
        .map(({ other }) => other);
    },
    remove(run) {
      left.delete(run);
      for (const leaf of leavesOf(run)) holders.get(leaf)?.delete(run);
    },
    left: () => [...left],
  };
}

const NONE: ReadonlySet<ShadowRun> = new Set();

/** Milliseconds between two runs; 0 where one has no time. */
export function distance(a: ShadowRun, b: ShadowRun): number {
  return a.at === undefined || b.at === undefined ? 0 : Math.abs(a.at - b.at);
}

/** Every scalar that stands in an object and is compared, wherever it stands. */
function leavesOf({ object }: ShadowRun): ReadonlySet<string> {
  const leaves = new Set<string>();
  const visit = (value: JsonValue | undefined): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (isJsonObject(value)) for (const item of Object.values(value)) visit(item);
    // A null is the same as nothing.
    else if (value !== undefined && value !== null) leaves.add(leafOf(value));
  };
  visit(ownParts(object));
  return leaves;
}
