/** Series of a metric: its values by labels, bounded however many values strangers invent. */

/** Says what is shown for a label's value: the value itself, or `other`. */
export type Bound = (value: string) => string;

export const OVERFLOW = "other";

/** Two Kubernetes names and a slash. */
const LONGEST = 507;

/** The first `limit` distinct values (and none at all), `other` for every later one. For names that operators choose. */
export function atMost(limit: number): Bound {
  const seen = new Set<string>();
  return (value) => {
    if (value === "" || seen.has(value)) return value;
    if (seen.size >= limit || value.length > LONGEST) return OVERFLOW;
    seen.add(value);
    return value;
  };
}

/** These values, `other` for every other. For closed sets. */
export function oneOf(values: readonly string[]): Bound {
  const known = new Set(values);
  return (value) => (known.has(value) ? value : OVERFLOW);
}

export interface Count {
  /** The labels as Prometheus' text format writes them, braces included; empty without labels. */
  readonly shown: string;
  value: number;
}

export interface Series {
  /** Adds one to the series of these label values, given in the order of the labels. */
  add(...values: readonly string[]): void;
  /**
   * Lets exactly these series be there beside those that have counted; of label values beyond a bound they are one.
   *
   * @param rows label values, in the order of the labels.
   */
  prime(rows: Iterable<readonly string[]>): void;
  all(): readonly Count[];
}

/** Combinations of raw values that are remembered; others take a slower way to the same result. */
const MAX_REMEMBERED = 10_000;

type Branch = Map<string, Branch | Count>;

/**
 * Counts by labels. Much cheaper than prom-client's own hash of every label at every event, so counting there happens
 * only when somebody asks: a known combination costs one Map lookup per label and nothing else.
 *
 * @param labels names, with the bound of each one's values.
 */
export function createSeries(labels: readonly (readonly [name: string, bound: Bound])[]): Series {
  const counts = new Map<string, Count>();
  const remembered = new Map<string, Branch | Count>();
  let size = 0;

  const countOf = (values: readonly string[]): Count => {
    const pairs = labels.map(([name, bound], i) => `${name}="${escaped(bound(values[i] ?? ""))}"`);
    const shown = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
    const count = counts.get(shown) ?? { shown, value: 0 };
    counts.set(shown, count);
    return count;
  };

  const remember = (values: readonly string[], count: Count): void => {
    if (size >= MAX_REMEMBERED || values.some((value) => value.length > LONGEST)) return;
    size++;
    let branch = remembered;
    for (const value of values.slice(0, -1)) {
      const next = (branch.get(value) as Branch | undefined) ?? new Map();
      branch.set(value, next);
      branch = next;
    }
    branch.set(values.at(-1) ?? "", count);
  };

  return {
    add(...values) {
      let found: Branch | Count | undefined = remembered;
      for (const value of values) found = (found as Branch | undefined)?.get(value);
      if (values.length === 0) found = remembered.get("");
      let count = found as Count | undefined;
      if (count === undefined) {
        count = countOf(values);
        remember(values, count);
      }
      count.value++;
    },
    prime(rows) {
      const wanted = new Set<Count>();
      for (const row of rows) wanted.add(countOf(row));
      for (const [key, count] of counts) if (count.value === 0 && !wanted.has(count)) counts.delete(key);
      // What it holds may be gone now.
      remembered.clear();
      size = 0;
    },
    all: () => [...counts.values()],
  };
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
    : value;
}
