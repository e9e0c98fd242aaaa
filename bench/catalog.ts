/** `node bench/catalog.ts [--out <folder>]`: a cluster of 2,000 Triggers in 200 namespaces: start to ready, memory, and one Trigger changed. */

import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { type ApiObject, startApiServer } from "../test/helpers/api-server.ts";
import { temporaryFolder } from "../test/helpers/folder.ts";
import { startGateway } from "../test/helpers/gateway.ts";
import { peakRssMiB, type Running, rssMiB } from "../test/helpers/process.ts";
import { startRedis } from "../test/helpers/redis.ts";
import { IMAGE_FLAGS } from "./image.ts";
import { OUT, threeDigits, writeReport } from "./report.ts";

const { values } = parseArgs({ options: { out: OUT } });

const NAMESPACES = 200;
const TRIGGERS = 10;
const CHANGES = 30;
/** What the project promises: seconds to ready, MiB in memory, milliseconds of one recompilation. */
const BARS = { readyS: 10, rssMiB: 300, recompileMs: 50 };

const PARAMS = ["repository", "revision", "title", "number", "event"];
const TEKTON = "triggers.tekton.dev/v1beta1";

const object = (kind: string, namespace: string, name: string, spec: object): ApiObject => ({
  apiVersion: TEKTON,
  kind,
  metadata: { name, namespace, labels: { team: namespace } },
  spec,
});

function triggerOf(namespace: string, number: number, branch = "main"): ApiObject {
  const hook = { secretName: "hook", secretKey: "token" };
  const filter = `body.repository.full_name == 'org/${namespace}-${number}' && body.ref == 'refs/heads/${branch}'`;
  return object("Trigger", namespace, `trigger-${number}`, {
    interceptors: [
      { ref: { name: "github" }, params: [{ name: "secretRef", value: hook }] },
      { ref: { name: "cel" }, params: [{ name: "filter", value: filter }] },
    ],
    bindings: [{ ref: "push" }],
    template: { ref: "build" },
  });
}

/** A namespace as a team keeps it: a listener that selects its Triggers, which share a binding and a template. */
function teamOf(namespace: string): readonly ApiObject[] {
  const run = {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: { generateName: "build-" },
    spec: {
      pipelineRef: { name: "build" },
      params: PARAMS.map((name) => ({ name, value: `$(tt.params.${name})` })),
    },
  };
  const declared = PARAMS.map((name) => ({ name }));
  return [
    object("EventListener", namespace, "git", { labelSelector: { matchLabels: { team: namespace } } }),
    object("TriggerBinding", namespace, "push", {
      params: PARAMS.map((name) => ({ name, value: `$(body.${name})` })),
    }),
    object("TriggerTemplate", namespace, "build", { params: declared, resourcetemplates: [run] }),
    ...Array.from({ length: TRIGGERS }, (_, number) => triggerOf(namespace, number)),
  ];
}

interface Loaded {
  /** Milliseconds of compiling. */
  readonly took: number;
  readonly triggers: number;
}

/** Hears each time that a gateway's catalog came into force. */
function hearLoads({ child }: Running): { next(): Promise<Loaded> } {
  const heard: Loaded[] = [];
  const said = new EventEmitter();
  if (child.stdout === null) throw new Error("the gateway has no output");
  createInterface(child.stdout).on("line", (line) => {
    if (!line.includes('"catalog.loaded"')) return;
    heard.push(JSON.parse(line) as Loaded);
    said.emit("loaded");
  });
  return {
    async next() {
      if (heard.length === 0) await once(said, "loaded");
      return heard.shift() as Loaded;
    },
  };
}

async function measure(name: string, shared: boolean, nodeOptions = IMAGE_FLAGS) {
  process.env["NODE_OPTIONS"] = nodeOptions;
  await using redis = await startRedis({ appendfsync: "everysec" });
  await using server = await startApiServer();
  using folder = temporaryFolder("sluice-bench-");
  const kubeconfig = server.writeKubeconfig(join(folder.path, "kubeconfig"));
  const namespaces = Array.from({ length: NAMESPACES }, (_, i) => `team-${i}`);
  for (const namespace of namespaces) {
    const team = teamOf(namespace);
    for (const one of team) if (!shared || one.kind !== "EventListener") server.put(one);
  }
  const everywhere = { labelSelector: {}, namespaceSelector: { matchNames: ["*"] } };
  if (shared) server.put(object("EventListener", "team-0", "git", everywhere));

  const started = performance.now();
  const args = [
    "--from-cluster",
    "--kubeconfig",
    kubeconfig,
    "--store",
    redis.url,
    "--follow-runs",
    "off",
    "--announce",
    "none",
  ];
  const gateway = await startGateway(args);
  const readyS = (performance.now() - started) / 1_000;
  try {
    const took: number[] = [];
    const live: number[] = [];
    const loads = hearLoads(gateway);
    let triggers = 0;
    for (let change = 0; change < CHANGES; change++) {
      const at = performance.now();
      server.put(triggerOf(`team-${change * 5}`, 3, `changed-${change}`));
      const loaded = await loads.next();
      took.push(loaded.took);
      live.push(performance.now() - at);
      triggers = loaded.triggers;
    }
    const sorted = took.toSorted((a, b) => a - b);
    return {
      name,
      node: nodeOptions || "as it is",
      listeners: shared ? 1 : NAMESPACES,
      triggers,
      readyS: threeDigits(readyS),
      rssMiB: threeDigits(rssMiB(gateway.pid)),
      peakRssMiB: threeDigits(peakRssMiB(gateway.pid)),
      recompileMs: {
        median: threeDigits(sorted[CHANGES / 2] ?? Number.NaN),
        largest: threeDigits(sorted.at(-1) ?? Number.NaN),
      },
      liveMs: { largest: threeDigits(Math.max(...live)) },
    };
  } finally {
    await gateway.stop();
  }
}

const plain = await measure("a listener in each namespace", false, "");
const clusters = [
  await measure("a listener in each namespace", false),
  await measure("one listener for all namespaces", true),
];
writeReport(values.out, "catalog", { bars: BARS, clusters, plain });
for (const cluster of [...clusters, plain]) console.log(JSON.stringify(cluster));
const kept = clusters.every(
  ({ readyS, rssMiB: rss, recompileMs }) =>
    readyS < BARS.readyS && rss < BARS.rssMiB && recompileMs.median < BARS.recompileMs,
);
console.log(kept ? "all bars are kept" : "a bar is missed");
if (!kept) process.exitCode = 1;
