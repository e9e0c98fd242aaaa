/** The metrics: facts are counted by the table's rules and shown in Prometheus' text format. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Fact } from "../core/fact.ts";
import type { CounterEntry, MetricEntry } from "./entries.ts";
import type { Asked } from "./gauges.ts";
import { gaugeAsked } from "./gauges.ts";
import type { Bounds } from "./labels.ts";
import { labelBounds, labelled } from "./labels.ts";
import type { FactListener } from "./recorder.ts";
import { createSeries } from "./series.ts";
import { METRICS } from "./table.ts";
import { type Expected, MOST_ZEROS } from "./zeros.ts";

export interface Metrics extends FactListener {
  readonly contentType: string;
  /** Everything known now, as text. */
  expose(): Promise<string>;
}

export interface MetricsOptions extends Asked {
  readonly version: string;
  /** False leaves out the process's own metrics. */
  readonly process?: boolean;
  /** The listeners in force: what has not happened yet is shown as 0 for each of them. */
  readonly listeners?: () => Expected["listeners"];
}

type Feed = (fact: Fact) => void;

/** Makes a set of metrics with a registry of its own. */
export function createMetrics({ version, process = true, ...options }: MetricsOptions): Metrics {
  const { listeners = () => [], ...asked } = options;
  const register = new Registry();
  // Counting up what may come takes its time with thousands of triggers: at the first scrape after a change, no earlier.
  let changes = 0;
  let leading = false;
  const coming: Coming = {
    texts: [],
    changes: () => changes,
    expected: () => ({ listeners: listeners(), leading }),
  };
  const bounds = labelBounds();
  const feeds = new Map<Fact["type"], Feed[]>();
  for (const entry of METRICS) {
    for (const [type, feed] of feedsOf(entry, bounds, register, coming))
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
      if (fact.type === "catalog.loaded") changes++;
      if (fact.type === "leader.changed") {
        leading = fact.leading;
        changes++;
      }
      for (const feed of feeds.get(fact.type) ?? []) feed(fact);
    },
    contentType: register.contentType,
    expose: async () => `${coming.texts.map((text) => text()).join("\n")}\n${await register.metrics()}`,
  };
}

interface Coming {
  /** Take part in each answer to a scraper. */
  readonly texts: (() => string)[];
  /** Grows when what is expected may be something else. */
  readonly changes: () => number;
  readonly expected: () => Expected;
}

function feedsOf(
  entry: MetricEntry,
  bounds: Bounds,
  register: Registry,
  coming: Coming,
): [Fact["type"], Feed][] {
  const write = writer(entry, bounds, register, coming);
  // Each feed stands under the type of the facts it takes; a loop over the keys loses that pairing.
  return Object.entries(entry.feeds).map(([type, feed]) => {
    const take = feed as (fact: Fact, write: unknown) => void;
    return [type as Fact["type"], (fact) => take(fact, write)];
  });
}

function writer(entry: MetricEntry, bounds: Bounds, register: Registry, coming: Coming) {
  const { name, help } = entry;
  const registers = [register];
  switch (entry.type) {
    case "counter":
      return countTo(entry, bounds, coming);
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

/** Counters are written by this module itself: with a series for each trigger prom-client takes 100 ms for a scrape. */
function countTo({ name, help, labels, zeros }: CounterEntry, bounds: Bounds, coming: Coming) {
  const series = createSeries(labels.map((label) => [label, bounds[label]]));
  let primedAt: number | undefined;
  // Without labels there is one series, from the start.
  if (labels.length === 0) series.prime([[]]);
  coming.texts.push(() => {
    if (zeros !== undefined && primedAt !== coming.changes()) {
      primedAt = coming.changes();
      series.prime([...zeros(coming.expected())].slice(0, MOST_ZEROS));
    }
    const samples = series.all().map(({ shown, value }) => `${name}${shown} ${value}\n`);
    return `# HELP ${name} ${help}\n# TYPE ${name} counter\n${samples.join("")}`;
  });
  return series.add;
}
