/** Writes the pages and files that follow from the code's own tables: errors, settings, CLI, metrics. `npm run docs` runs it. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { apiPage } from "./generate/api.ts";
import { cliPage } from "./generate/cli.ts";
import { dashboards } from "./generate/dashboards.ts";
import { errorsPage } from "./generate/errors.ts";
import { metricsPage } from "./generate/metrics.ts";
import { prometheusRule } from "./generate/prometheus-rule.ts";
import { settingsPage } from "./generate/settings.ts";

/** File name, from docs/, to its text, which depends on nothing but the code. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["errors.md", errorsPage()],
    ["settings.md", settingsPage()],
    ["cli.md", await cliPage()],
    ["api.md", apiPage()],
    ["metrics.md", await metricsPage()],
    ["../deploy/monitoring/operator/prometheus-rule.yaml", prometheusRule()],
    ...[...dashboards()].map(([name, text]) => [`../deploy/monitoring/dashboards/${name}`, text] as const),
  ]);
}

if (import.meta.main) {
  for (const [name, text] of await generate()) await writeFile(join(import.meta.dirname, name), text);
}
