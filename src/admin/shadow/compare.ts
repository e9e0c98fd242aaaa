/** Parity: what this gateway would have created, beside what another created from the same webhooks. */

import { compareObjects, type Difference } from "./differ.ts";
import { createFinder, distance, type Finder } from "./finder.ts";
import { groupOf, type ShadowRun } from "./run.ts";

export interface ParityOptions {
  /** Milliseconds that may lie between the two runs of one delivery. */
  readonly withinMs: number;
  /** When this gateway began to hear webhooks; milliseconds since the epoch. */
  readonly from?: number;
  /** What came just before has perhaps not got there yet. */
  readonly until?: number;
}

export interface Pair {
  readonly here: ShadowRun;
  readonly there: ShadowRun;
  readonly differences: readonly Difference[];
}

export interface Parity {
  readonly same: number;
  /** Runs of one trigger, at one time, that differ. */
  readonly different: readonly Pair[];
  readonly onlyHere: readonly ShadowRun[];
  readonly onlyThere: readonly ShadowRun[];
  /** Runs without a partner at the edges of the time that is looked at: they count neither way. */
  readonly atTheEdge: number;
  /** Fields that only the living runs have, and how many of them. */
  readonly added: ReadonlyMap<string, number>;
  /** The part that is the same, from 0 to 1; undefined when there is nothing to compare. */
  readonly score: number | undefined;
}

/** Of so many runs, the nearest in time, the one that differs least is taken for the partner of one that has none. */
const NEAR = 16;
/** Differences after which two runs are as different as can be. */
const LOOK = 50;
/** Milliseconds that a webhook, or a clock, may be behind another. */
export const EDGE_MS = 30_000;

/**
 * Pairs runs. The two sides know one delivery by different ids, so it is done by listener, trigger, kind and namespace,
 * then by what stands in the objects, then by time.
 *
 * @param here what this gateway decided.
 * @param there what the other created.
 */
export function compareRuns(
  here: readonly ShadowRun[],
  there: readonly ShadowRun[],
  options: ParityOptions,
): Parity {
  const theirs = Map.groupBy(there, groupOf);
  const ours = Map.groupBy(placed(here, there), groupOf);
  const groups = [...new Set([...ours.keys(), ...theirs.keys()])].map((key) =>
    pairUp(ours.get(key) ?? [], theirs.get(key) ?? [], options.withinMs),
  );
  const twins = groups.flatMap(({ twins }) => twins);
  const different = groups.flatMap(({ different }) => different);
  const alone = {
    here: groups.flatMap(({ here }) => here),
    there: groups.flatMap(({ there }) => there),
  };
  const same = twins.length;
  const added = new Map<string, number>();
  for (const path of twins.flatMap(({ added }) => [...new Set(added)]))
    added.set(path, (added.get(path) ?? 0) + 1);

  const { from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = options;
  const inside = ({ at = until - EDGE_MS }: ShadowRun): boolean => at <= until - EDGE_MS;
  const onlyHere = alone.here.filter(inside);
  // What was made there just after the start may come of a webhook from before it.
  const heard = ({ at = from + EDGE_MS }: ShadowRun): boolean => at >= from + EDGE_MS;
  const onlyThere = alone.there.filter((run) => inside(run) && heard(run));
  const counted = same + different.length + onlyHere.length + onlyThere.length;
  return {
    ...{ same, different, onlyHere, onlyThere, added },
    atTheEdge: alone.here.length + alone.there.length - onlyHere.length - onlyThere.length,
    score: counted === 0 ? undefined : same / counted,
  };
}

interface Twin {
  readonly run: ShadowRun;
  /** Fields that only the living one has. */
  readonly added: readonly string[];
}

/** Pairs the runs of one group: first those that are the same, then those that are near. */
function pairUp(ours: readonly ShadowRun[], theirs: readonly ShadowRun[], withinMs: number) {
  const finder = createFinder(byTime(theirs));
  const twins: Twin[] = [];
  const others = byTime(ours).filter((run) => {
    const twin = twinOf(run, finder, withinMs);
    if (twin === undefined) return true;
    finder.remove(twin.run);
    twins.push(twin);
    return false;
  });
  const different: Pair[] = [];
  const here = others.filter((run) => {
    const pair = nearestOf(run, finder.near(run, withinMs, NEAR));
    if (pair === undefined) return true;
    finder.remove(pair.there);
    different.push(pair);
    return false;
  });
  return { twins, different, here, there: finder.left() };
}

/** What is rendered has a namespace always; of kinds that have none in the cluster it is taken away. */
function placed(here: readonly ShadowRun[], there: readonly ShadowRun[]): readonly ShadowRun[] {
  const placeless = new Set(there.filter(({ namespace }) => namespace === "").map(({ kind }) => kind));
  return here.map((run) => (placeless.has(run.kind) ? { ...run, namespace: "" } : run));
}

const byTime = (runs: readonly ShadowRun[]) => [...runs].sort((a, b) => (a.at ?? 0) - (b.at ?? 0));

/** The run that is the same, the nearest in time of several. */
function twinOf(run: ShadowRun, finder: Finder, withinMs: number): Twin | undefined {
  let best: Twin | undefined;
  for (const candidate of finder.alike(run)) {
    const apart = distance(run, candidate);
    if (apart > withinMs || (best !== undefined && distance(run, best.run) <= apart)) continue;
    const { differences, added } = compareObjects(run.object, candidate.object, 1);
    if (differences.length === 0) best = { run: candidate, added };
  }
  return best;
}

/** The run that differs least, the nearest in time of several. @param candidates the nearest first. */
function nearestOf(run: ShadowRun, candidates: readonly ShadowRun[]): Pair | undefined {
  const pairs = candidates.map((there) => {
    return { here: run, there, differences: compareObjects(run.object, there.object, LOOK).differences };
  });
  const [best] = pairs.toSorted((a, b) => a.differences.length - b.differences.length);
  return best;
}
