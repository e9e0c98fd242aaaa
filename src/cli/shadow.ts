/** `sluice shadow`: would this gateway have created what another created from the same webhooks? */

import { FILTERS } from "../admin/filter.ts";
import type { ShadowRun } from "../admin/shadow/index.ts";
import { compareRuns, EDGE_MS } from "../admin/shadow/index.ts";
import { duration } from "../config/index.ts";
import { openClient } from "./client.ts";
import { readOption } from "./filters.ts";
import { settingOptions, settingsFrom } from "./settings.ts";
import { runsOfFiles } from "./shadow-files.ts";
import { printParity, reportParity } from "./shadow-report.ts";
import { decidedRuns, livingRuns } from "./shadow-sources.ts";
import {
  EXIT,
  GATEWAY,
  JSON_OUTPUT,
  listOption,
  misused,
  type Options,
  textOption,
  type Verb,
} from "./verb.ts";

/** Looked for even where nothing was decided: what only the other created must be seen too. */
const USUAL = ["tekton.dev/v1 PipelineRun", "tekton.dev/v1 TaskRun"] as const;
const A_DAY = 86_400_000;

export const shadow: Verb = {
  help: `
A gateway with \`--create dry-run\` decides and creates nothing. Send it a copy of every webhook beside Tekton's
EventListener; then this shows, for the same time, which runs are the same, which differ and where, and which are on one
side only. Runs are paired by listener, trigger, kind and namespace, by what stands in them, and by time: the two know one
delivery by different ids. Fields that only the living runs have are taken for defaults of the cluster, and shown.

  sluice shadow --gateway http://127.0.0.1:9000 --since 24h      # with the cluster of KUBECONFIG
  sluice shadow --here runs/ --there tekton.yaml                 # with files: kubectl get pipelineruns -A -o yaml

Ends with 1 when less than --threshold percent are the same, or nothing could be compared.`,
  options: [
    { flags: "--here <path>", description: "runs of this gateway: a file or folder instead of its ledger" },
    { flags: "--there <path>", description: "runs of the other: a file or folder instead of the cluster" },
    { flags: "--listener <name>", description: "only runs of this EventListener" },
    {
      flags: "--namespace <name>",
      description: "look for runs only in this namespace; may be said again",
      many: true,
    },
    { flags: "--since <time>", description: FILTERS.since.description, default: "24h" },
    { flags: "--until <time>", description: FILTERS.until.description },
    { flags: "--within <time>", description: "time between the two runs of one delivery", default: "10m" },
    { flags: "--threshold <percent>", description: "percent that must be the same", default: "100" },
    ...settingOptions("store", "adminToken", "kubeconfig"),
    GATEWAY,
    JSON_OUTPUT,
  ],
  async run({ console, environment }, _args, options) {
    const { since, until, withinMs, threshold } = read(options);
    const listener = textOption(options, "listener");
    const namespaces = listOption(options, "namespace");
    const wanted = (run: ShadowRun): boolean =>
      (listener === undefined || run.listener === listener) &&
      (namespaces.length === 0 || run.namespace === "" || namespaces.includes(run.namespace));

    const files = { here: textOption(options, "here"), there: textOption(options, "there") };
    const decided =
      files.here === undefined
        ? await ofLedger(options, environment, { since, until })
        : { runs: await runsOfFiles(files.here), from: undefined };
    const here = decided.runs.filter(wanted);
    const { from } = decided;
    const own = new Set(here.map(({ event }) => event));
    // Before its first delivery this gateway heard nothing; and what it created itself is no other's.
    const inTime = ({ at, event }: ShadowRun): boolean =>
      !own.has(event) && (at === undefined || (at >= (from ?? 0) - EDGE_MS && at <= until + withinMs));
    const { kubeconfig } = settingsFrom({ ...options, namespace: undefined }, environment);
    const there =
      files.there === undefined
        ? await livingRuns({
            ...{ kubeconfig, namespaces, listener },
            kinds: new Set([...here.map(kindOf), ...USUAL]),
            wanted: (run) => wanted(run) && inTime(run),
          })
        : (await runsOfFiles(files.there)).filter((run) => wanted(run) && inTime(run));

    const edges = from === undefined ? {} : { from, until };
    const parity = compareRuns(here, there, { withinMs, ...edges });
    const ok = parity.score !== undefined && parity.score * 100 >= threshold;
    if (options["output"] === "json") console.json({ ok, threshold, ...edges, ...reportParity(parity) });
    else printParity(console, parity, { ok, threshold, ...edges });
    return ok ? EXIT.ok : EXIT.no;
  },
};

async function ofLedger(
  options: Options,
  environment: Parameters<Verb["run"]>[0]["environment"],
  filter: { readonly since: number; readonly until: number },
) {
  await using client = await openClient({ ...options, namespace: undefined }, environment);
  const { runs, from = filter.since } = await decidedRuns(client, filter);
  return { runs, from };
}

const kindOf = ({ object }: ShadowRun): string => `${object.apiVersion} ${object.kind}`;

/** @throws SluiceError SLUICE_CONFIG_INVALID. */
function read(options: Options) {
  const until = textOption(options, "until");
  return {
    since: readOption("since", FILTERS.since, textOption(options, "since") ?? ""),
    until: until === undefined ? Date.now() : readOption("until", FILTERS.until, until),
    withinMs: value(options, "within", "a time such as 10m, at most 24h", duration(0, A_DAY)),
    threshold: value(options, "threshold", "a number from 0 to 100", PERCENT),
  };
}

interface Reader {
  safeParse(text: unknown): { readonly success: boolean; readonly data?: number | undefined };
}

const PERCENT: Reader = {
  safeParse(text) {
    const data = /^\d{1,3}(\.\d+)?$/.test(String(text)) ? Number(text) : Number.NaN;
    return { success: data <= 100, data };
  },
};

function value(options: Options, name: string, expected: string, reader: Reader): number {
  const text = textOption(options, name) ?? "";
  const { success, data } = reader.safeParse(text);
  if (success && data !== undefined) return data;
  const reason = `expected ${expected}; got ${text.slice(0, 80)}`;
  throw misused(`--${name}`, reason);
}
