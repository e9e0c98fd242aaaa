/** A real Prometheus on a real gateway: every board shows something or says why not, every rule can be evaluated. */

import assert from "node:assert/strict";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { ROOT } from "../helpers/process.ts";
import { type Prometheus, startPrometheus } from "../helpers/prometheus.ts";

const trigger = (name: string, named: string, bindings = "") => `
    - name: ${name}
      interceptors:
        - { ref: { name: cel }, params: [{ name: filter, value: "body.kind == '${name}'" }] }${bindings}
      template:
        spec:
          params: [{ name: ref }]
          resourcetemplates:
            - { apiVersion: v1, kind: ConfigMap, metadata: { ${named} } }`;

/** One trigger that fires, one that wants the same name each time, and one that no event can be bound for. */
const LISTENER = `apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata:
  name: mixed
  namespace: default
  annotations: { sluice.dev/verification: none }
spec:
  triggers:${trigger("good", "generateName: good-")}${trigger("fixed", "name: fixed")}${trigger(
    "unbound",
    "generateName: unbound-",
    "\n      bindings: [{ name: ref, value: $(body.nowhere) }]",
  )}
`;

interface Board {
  readonly panels: readonly {
    readonly title: string;
    readonly description: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}
const boards = globSync("deploy/monitoring/dashboards/*.json", { cwd: ROOT }).map(
  (path) => JSON.parse(readFileSync(join(ROOT, path), "utf8")) as Board,
);
const panels = boards.flatMap((board) => board.panels);
const [executive = ""] = panels.filter(({ title }) => title === "Triggers deliver").map(exprOf);
const [budget = ""] = panels.filter(({ title }) => title === "Budget left").map(exprOf);

function exprOf({ targets }: Board["panels"][number]): string {
  return (targets[0]?.expr ?? "").replaceAll("$__rate_interval", "1m");
}

describe("Prometheus on a gateway", { timeout: 120_000 }, () => {
  const folder = temporaryFolder();
  let gateway: GatewayProcess;
  let prometheus: Prometheus;

  before(async () => {
    const config = join(folder.path, "config");
    mkdirSync(config);
    writeFileSync(join(config, "listener.yaml"), LISTENER);
    gateway = await startGateway([
      ...["--config", config, "--store", `embedded:${join(folder.path, "store")}`],
      ...["--create", `directory:${join(folder.path, "runs")}`],
    ]);
    prometheus = await startPrometheus(new URL(gateway.admin).host);
    // Before the first delivery: what it counts is an increase only from here.
    await eventually(
      () => prometheus.query(`sluice_decisions_total{result="failed"}`),
      (found) => found.length === 3,
    );
  });
  after(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await gateway?.stop();
    folder[Symbol.dispose]();
  });

  const one = async (expr: string) => (await prometheus.query(expr))[0]?.value;
  const panelsWithout = async (): Promise<readonly string[]> => {
    const silent = await Promise.all(
      panels.flatMap(({ title, description, targets }) =>
        targets.map(async ({ expr }) => {
          const found = await prometheus.query(expr.replaceAll("$__rate_interval", "1m"));
          return found.length > 0 || description.includes("Empty") ? [] : [`${title}: ${expr}`];
        }),
      ),
    );
    return silent.flat();
  };

  test("on a gateway that nothing has come to, each panel shows a zero or says why it is empty", async () => {
    await eventually(panelsWithout, (silent) => silent.length === 0, 20_000, 500);
    assert.equal(await one(executive), 1);
    assert.equal(await one(budget), 1);
  });

  test("of 63 deliveries 12 fail, right after the start: the budget is spent, and somebody is woken", async () => {
    const url = `${gateway.url}/default/mixed`;
    // Six cannot be bound; of seven that want one name six come too late.
    const kinds = [...Array(50).fill("good"), ...Array(7).fill("fixed"), ...Array(6).fill("unbound")];
    for (const kind of kinds) {
      const response = await fetch(url, { method: "POST", body: JSON.stringify({ kind }) });
      assert.equal(response.status, 202);
    }
    const wrong = (found: number | undefined) => Math.abs((found ?? 0) - 51 / 63);
    const share = await eventually(
      () => one(executive),
      (found) => wrong(found) < 0.01,
      30_000,
    );
    assert.ok(wrong(share) < 0.01, `${share}`);
    assert.ok(((await one(budget)) ?? 1) < -100);
    const firing = async () => {
      const rules = await prometheus.rules();
      return rules.filter(({ state }) => state === "firing").map(({ name }) => name);
    };
    const burns = ["SluiceDeliveryBudgetBurnsFast", "SluiceDeliveryBudgetBurns"];
    await eventually(firing, (names) => burns.every((name) => names.includes(name)), 20_000);
  });

  test("every rule can be evaluated, and each panel shows data or says why it is empty", async () => {
    assert.deepEqual(await panelsWithout(), []);
    const rules = await prometheus.rules();
    assert.ok(rules.length > 20);
    assert.deepEqual(
      rules.filter(({ health }) => health !== "ok").map(({ name, lastError }) => `${name}: ${lastError}`),
      [],
    );
  });
});
