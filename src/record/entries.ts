/** Entries of the table of metrics: what each kind of metric says of itself, and how facts write to it. */

import type { Fact } from "../core/fact.ts";
import type { Label } from "./labels.ts";
import { MAKER } from "./labels.ts";
import type { FactOf } from "./lines.ts";
import type { Zeros } from "./zeros.ts";

/** Adds one to the series of these label values, in the order of `labels`. */
type Add = (...values: readonly string[]) => void;
type Put = (value: number) => void;
/** Puts a value into the histogram of these label values. */
type Spread = (value: number, ...values: readonly string[]) => void;
type Feeds<W> = { readonly [T in Fact["type"]]?: (fact: FactOf<T>, write: W) => void };

interface Entry<Kind extends string, W> {
  readonly type: Kind;
  readonly name: string;
  readonly help: string;
  readonly feeds: Feeds<W>;
}

export type CounterEntry = Entry<"counter", Add> & {
  readonly labels: readonly Label[];
  /** Series that stand at 0 before anything counts; absent: none. */
  readonly zeros?: Zeros;
};
export type GaugeEntry = Entry<"gauge", Put> & { readonly initial: number };
export type HistogramEntry = Entry<"histogram", Put> & { readonly buckets: readonly number[] };
/** A histogram for each combination of labels. */
export type SpreadEntry = Entry<"spread", Spread> & {
  readonly labels: readonly Label[];
  readonly buckets: readonly number[];
};
/** A counter without labels that facts raise by more than one. */
export type TotalEntry = Entry<"total", Put>;
export type MetricEntry = CounterEntry | TotalEntry | GaugeEntry | HistogramEntry | SpreadEntry;

export const counter = (
  name: string,
  help: string,
  labels: readonly Label[],
  feeds: Feeds<Add>,
  zeros?: Zeros,
): CounterEntry => ({ type: "counter", name, help, labels, feeds, ...(zeros && { zeros }) });
export const total = (name: string, help: string, feeds: Feeds<Put>): TotalEntry => ({
  type: "total",
  name,
  help,
  feeds,
});
export const gauge = (name: string, help: string, initial: number, feeds: Feeds<Put>): GaugeEntry => ({
  type: "gauge",
  name,
  help,
  initial,
  feeds,
});
export const histogram = (
  name: string,
  help: string,
  buckets: readonly number[],
  feeds: Feeds<Put>,
): HistogramEntry => ({ type: "histogram", name, help, buckets, feeds });
export const spread = (
  name: string,
  help: string,
  buckets: readonly number[],
  feeds: Feeds<Spread>,
): SpreadEntry => ({ type: "spread", name, help, labels: MAKER, buckets, feeds });
