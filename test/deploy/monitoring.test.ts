/** Dashboards and scraping: every metric is one that a gateway shows, every query is PromQL, every panel has its place. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse, parseAllDocuments, stringify } from "yaml";
import { createMetrics } from "../../src/record/metrics.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { ROOT } from "../helpers/process.ts";
import { ensureProgram } from "../helpers/programs.ts";
import { build, findKubectl, type Labels, type Manifest, of } from "./kustomize.ts";

const FOLDER = join(ROOT, "deploy/monitoring");

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  readonly targets: readonly { readonly expr: string }[];
}
interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
}

const files = globSync("dashboards/*.json", { cwd: FOLDER }).sort();
const all = files.map((name) => JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Dashboard);
const queries = all.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)));

test("there is a dashboard for each who looks: for those who promise, who are called, who search", () => {
  assert.deepEqual(
    all.map(({ uid }) => uid),
    ["sluice-debug", "sluice-executive", "sluice-on-call"],
  );
  const { configMapGenerator } = parse(readFileSync(join(FOLDER, "kustomization.yaml"), "utf8")) as {
    readonly configMapGenerator: readonly { readonly files: readonly string[] }[];
  };
  assert.deepEqual(configMapGenerator[0]?.files, files);
});

test("every metric is one that a gateway shows", async () => {
  const asked = {
    depth: async () => ({ waiting: 0, active: 0, delayed: 0, oldestMs: 0, dueMs: 0 }),
    ...{
      paused: async () => false,
      dead: async () => 0,
      checks: async () => [],
      inProgress: () => [],
      held: () => 0,
    },
  };
  const text = await createMetrics({ version: "", ...asked }).expose();
  const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name));
  const named = queries.flatMap((expr) => expr.match(/\b(?:sluice|process|nodejs|eventlistener)_\w+/g) ?? []);
  const unknown = named.filter(
    (name) => !known.has(name) && !known.has(name.replace(/_(bucket|count|sum)$/, "")),
  );
  assert.deepEqual(unknown, []);
  assert.ok(named.length > 40, `${named.length} are named`);
});

test("every panel says what it means, has an id of its own, and covers no other", () => {
  for (const { uid, panels } of all) {
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, uid);
    const taken = new Map<string, string>();
    for (const { title, description, gridPos } of panels) {
      assert.ok(description.length > 10, title);
      assert.ok(gridPos.x + gridPos.w <= 24, title);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.equal(taken.get(`${x},${y}`), undefined, title);
          taken.set(`${x},${y}`, title);
        }
    }
  }
});

const promtool = found();
test("every query is PromQL", {
  skip: promtool === undefined && "NO promtool HERE AND NO WAY TO INSTALL IT: the queries are not parsed",
}, () => {
  using folder = temporaryFolder();
  const rules = queries.map((expr, index) => ({
    ...{ record: `sluice:test:${index}`, expr: expr.replaceAll("$__rate_interval", "5m") },
  }));
  const path = join(folder.path, "rules.yaml");
  writeFileSync(path, stringify({ groups: [{ name: "dashboards", rules }] }));
  const { status, stdout, stderr } = spawnSync(promtool ?? "", ["check", "rules", path], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, new RegExp(`${queries.length} rules found`));
});

describe("scraping", () => {
  const read = <T>(path: string): readonly T[] =>
    parseAllDocuments(readFileSync(join(ROOT, "deploy", path), "utf8")).map((one) => one.toJS() as T);
  interface Monitor {
    readonly spec: {
      readonly selector: { readonly matchLabels: Labels };
      readonly endpoints: readonly { readonly port: string; readonly path: string }[];
    };
  }

  test("the operator's monitor finds the admin Service, and its port", () => {
    const [monitor] = read<Monitor>("monitoring/operator/service-monitor.yaml");
    assert.ok(monitor);
    const { selector, endpoints } = monitor.spec;
    const [service, ...others] = of(read<Manifest>("base/services.yaml"), "Service").filter(({ metadata }) =>
      Object.entries(selector.matchLabels).every(([key, value]) => metadata.labels?.[key] === value),
    );
    assert.deepEqual(others, []);
    const ports = service?.spec.ports.map(({ name, port }) => [name, port]);
    assert.deepEqual(ports, [["http", 9000]]);
    const asked = endpoints.map(({ port, path }) => [port, path]);
    assert.deepEqual(asked, [["http", "/metrics"]]);
  });

  const kubectl = findKubectl();
  test("both kustomizations build", {
    skip: kubectl === undefined && "NO kubectl HERE AND NO WAY TO INSTALL IT: they are not built",
  }, () => {
    const [dashboards] = build(kubectl ?? "", "monitoring");
    assert.equal(Object.keys(dashboards?.data ?? {}).length, all.length);
    assert.equal(dashboards?.metadata.labels?.["grafana_dashboard"], "1");
    assert.deepEqual(
      build(kubectl ?? "", "monitoring/operator")
        .map(({ kind }) => kind)
        .sort(),
      ["PrometheusRule", "ServiceMonitor"],
    );
  });
});

function found(): string | undefined {
  try {
    return ensureProgram("promtool", "prometheus");
  } catch {
    return undefined;
  }
}
