/** Least squares for the soak: how fast something grows, and how sure that is. */

export interface Sample {
  /** Since the start. */
  readonly minute: number;
  /** MiB. */
  readonly rss: number;
  readonly heap: number;
}

export interface Line {
  readonly perMinute: number;
  /** Standard error of `perMinute`. */
  readonly error: number;
  /** Values of the line at its ends. */
  readonly first: number;
  readonly last: number;
}

type Point = readonly [minute: number, value: number];

/** The least-squares line through points; NaN of fewer than three. */
export function slope(points: readonly Point[]): Line {
  const n = points.length;
  const mean = (pick: (point: Point) => number) => points.reduce((sum, point) => sum + pick(point), 0) / n;
  const [x, y] = [mean(([minute]) => minute), mean(([, value]) => value)];
  const sum = (term: (point: Point) => number) => points.reduce((total, point) => total + term(point), 0);
  const spread = sum(([minute]) => (minute - x) ** 2);
  const perMinute = sum(([minute, value]) => (minute - x) * (value - y)) / spread;
  const at = (minute: number): number => y + perMinute * (minute - x);
  const rest = sum(([minute, value]) => (value - at(minute)) ** 2);
  return {
    perMinute: n < 3 ? Number.NaN : perMinute,
    error: Math.sqrt(rest / Math.max(1, n - 2) / spread),
    first: at(points[0]?.[0] ?? 0),
    last: at(points.at(-1)?.[0] ?? 0),
  };
}

/** The lowest of each `size` points. */
export function floors(points: readonly Point[], size = 6): Point[] {
  const lowest: Point[] = [];
  for (let from = 0; from + size <= points.length; from += size) {
    lowest.push(points.slice(from, from + size).reduce((low, point) => (point[1] < low[1] ? point : low)));
  }
  return lowest;
}
