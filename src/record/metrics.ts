/** The metrics: facts are counted by the table's rules and shown in Prometheus' text format. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Fact } from "../core/fact.ts";
import type { Asked } from "./gauges.ts";
import { gaugeAsked } from "./gauges.ts";
import type { Bounds } from "./labels.ts";
import { labelBounds, labelled } from "./labels.ts";
import type { FactListener } from "./recorder.ts";
import { createSeries } from "./series.ts";
import type { CounterEntry, MetricEntry } from "./table.ts";
import { METRICS } from "./table.ts";

export interface Metrics extends FactListener {
  readonly contentType: string;
  /** Everything known now, as text. */
  expose(): Promise<string>;
}

export interface MetricsOptions extends Asked {
  readonly version: string;
  /** False leaves out the process's own metrics. */
  readonly process?: boolean;
}

type Feed = (fact: Fact) => void;

/** Makes a set of metrics with a registry of its own. */
export function createMetrics({ version, process = true, ...asked }: MetricsOptions): Metrics {
  const register = new Registry();
  const bounds = labelBounds();
  const feeds = new Map<Fact["type"], Feed[]>();
  for (const entry of METRICS) {
    for (const [type, feed] of feedsOf(entry, bounds, register))
      feeds.set(type, [...(feeds.get(type) ?? []), feed]);
  }
  new Gauge({ name: "sluice_build_info", help: "1.", labelNames: ["version"], registers: [register] }).set(
    { version },
    1,
  );
  gaugeAsked(register, asked, bounds);
  if (process) collectDefaultMetrics({ register });
  return {
    tell(fact) {
      for (const feed of feeds.get(fact.type) ?? []) feed(fact);
    },
    contentType: register.contentType,
    expose: () => register.metrics(),
  };
}

function feedsOf(entry: MetricEntry, bounds: Bounds, register: Registry): [Fact["type"], Feed][] {
  const write = writer(entry, bounds, register);
  // Each feed stands under the type of the facts it takes; a loop over the keys loses that pairing.
  return Object.entries(entry.feeds).map(([type, feed]) => {
    const take = feed as (fact: Fact, write: unknown) => void;
    return [type as Fact["type"], (fact) => take(fact, write)];
  });
}

function writer(entry: MetricEntry, bounds: Bounds, register: Registry) {
  const { name, help } = entry;
  const registers = [register];
  switch (entry.type) {
    case "counter":
      return count(entry, bounds, register);
    case "total": {
      const total = new Counter({ name, help, registers });
      return (amount: number) => total.inc(amount);
    }
    case "histogram": {
      const histogram = new Histogram({ name, help, registers, buckets: [...entry.buckets] });
      return (value: number) => histogram.observe(value);
    }
    case "spread": {
      const { labels } = entry;
      const histogram = new Histogram({
        ...{ name, help, registers, labelNames: [...labels] },
        buckets: [...entry.buckets],
      });
      return (value: number, ...values: readonly string[]) =>
        histogram.observe(labelled(labels, values, bounds), value);
    }
    case "gauge": {
      const gauge = new Gauge({ name, help, registers });
      gauge.set(entry.initial);
      return (value: number) => gauge.set(value);
    }
  }
}

function count({ name, help, labels }: CounterEntry, bounds: Bounds, register: Registry) {
  const series = createSeries(labels.map((label) => [label, bounds[label]]));
  new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [register],
    collect() {
      this.reset();
      for (const { labels, value } of series.all()) this.inc({ ...labels }, value);
    },
  });
  return series.add;
}
