/** A real Prometheus for tests: it scrapes a gateway twice a second and evaluates our rules as often. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { temporaryFolder } from "./folder.ts";
import { ROOT } from "./process.ts";
import { ensureProgram } from "./programs.ts";
import { freePort, untilSays } from "./redis.ts";

/** A sample of an instant query: labels, and the value as a number. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  /** Of alerts. */
  readonly state?: "inactive" | "pending" | "firing";
}

export interface Prometheus extends AsyncDisposable {
  /** @throws Error with what Prometheus says of a query that it cannot evaluate. */
  query(expr: string): Promise<readonly Sample[]>;
  rules(): Promise<readonly RuleState[]>;
}

/** @param target `host:port` whose /metrics is scraped. */
export async function startPrometheus(target: string): Promise<Prometheus> {
  const program = ensureProgram("prometheus", "prometheus");
  const folder = temporaryFolder("sluice-prometheus-");
  const port = await freePort();
  const rules = join(folder.path, "rules.yaml");
  writeFileSync(rules, readFileSync(join(ROOT, "deploy/monitoring/rules.yaml")));
  const config = join(folder.path, "prometheus.yaml");
  writeFileSync(
    config,
    stringify({
      global: { scrape_interval: "500ms", scrape_timeout: "500ms", evaluation_interval: "500ms" },
      rule_files: [rules],
      scrape_configs: [{ job_name: "sluice", static_configs: [{ targets: [target] }] }],
    }),
  );
  const child = spawn(
    program,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder.path, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  await untilSays(child, /Server is ready/);

  async function ask<T>(path: string): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const { status, error, data } = (await response.json()) as { status: string; error?: string; data: T };
    if (status !== "success") throw new Error(error);
    return data;
  }

  return {
    async query(expr) {
      type Vector = readonly { readonly metric: Sample["labels"]; readonly value: [number, string] }[];
      const { resultType, result } = await ask<{ resultType: string; result: Vector | [number, string] }>(
        `query?query=${encodeURIComponent(expr)}`,
      );
      if (resultType === "scalar") return [{ labels: {}, value: Number(result[1]) }];
      return (result as Vector).map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    async rules() {
      type Groups = { readonly groups: readonly { readonly rules: readonly RuleState[] }[] };
      return (await ask<Groups>("rules")).groups.flatMap((group) => group.rules);
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, "exit");
        child.kill("SIGTERM");
        await gone;
      }
      folder[Symbol.dispose]();
    },
  };
}
