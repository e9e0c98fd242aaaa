/** docs/metrics.md, from what the gateway really exposes and from the table that feeds it. */

import type { MetricEntry } from "../../src/record/entries.ts";
import { createMetrics } from "../../src/record/metrics.ts";
import { METRICS } from "../../src/record/table.ts";
import { code, notice, page, prose, table } from "./markdown.ts";

/** Name, type, labels, meaning and source of every metric of ours. */
export async function metricsPage(): Promise<string> {
  const rows = (await exposed()).map(({ name, type, help, labels }) => {
    const entry = METRICS.find((one) => one.name === name);
    return [code(name), type, labels.map(code).join(", "), prose(help), facts(entry)];
  });
  const histograms = METRICS.filter((entry) => entry.type === "histogram" || entry.type === "spread");
  return page(
    notice("src/record/table.ts"),
    "# Metrics",
    INTRO,
    table(["name", "type", "labels", "meaning", "from"], rows),
    "## Buckets",
    table(
      ["histogram", "upper bounds in seconds"],
      histograms.map(({ name, buckets }) => [code(name), buckets.join(", ")]),
    ),
  );
}

const INTRO = `The admin port serves these at \`/metrics\` in Prometheus' text format, beside Node's own (\`process_…\`, \`nodejs_…\`). Every
label is bounded: names that operators choose up to a limit (then \`other\`), everything else to a closed set. Names that
senders choose are never labels. "from" names the fact that feeds the metric; the same facts make the log.`;

const CHECK = { name: "store", ok: true };

const IN_PROGRESS = {
  job: { listener: { namespace: "ci", name: "git" }, trigger: { namespace: "ci", name: "pr" } },
  count: 1,
};

interface Exposed {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Asks a fresh set of metrics, as a scrape would. */
async function exposed(): Promise<readonly Exposed[]> {
  const depth = async () => ({ waiting: 0, active: 0, delayed: 0, oldestMs: 0, dueMs: 0 });
  const asked = {
    depth,
    paused: async () => false,
    dead: async () => 0,
    checks: async () => [CHECK],
    inProgress: () => [IN_PROGRESS],
    held: () => 0,
  };
  const text = await createMetrics({ version: "", process: false, ...asked }).expose();
  return [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)((?:\n[^#\n].*)*)/gm)].map(
    ([, name = "", help = "", type = "", samples = ""]) => {
      const entry = METRICS.find((one) => one.name === name);
      const declared = entry !== undefined && "labels" in entry ? entry.labels : undefined;
      const shown =
        type === "gauge" ? [...samples.matchAll(/[{,](\w+)="/g)].map(([, label = ""]) => label) : [];
      return { name, type, help, labels: declared ?? [...new Set(shown)] };
    },
  );
}

function facts(entry: MetricEntry | undefined): string {
  return Object.keys(entry?.feeds ?? {})
    .map(code)
    .join(", ");
}
