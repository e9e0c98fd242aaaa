/** `sluice doctor`: looks at everything that serve would need with the same settings, and says how to mend it. */

import type { Environment, Settings } from "../config/index.ts";
import {
  type Api,
  createApi,
  createSession,
  isClusterKnown,
  loadCluster,
  ownNamespace,
} from "../kubernetes/index.ts";
import { type Console, clean } from "./console.ts";
import { lookAtAccounts } from "./doctor/accounts.ts";
import { lookAtCluster } from "./doctor/cluster.ts";
import { lookAtDeclared } from "./doctor/declared.ts";
import { differences, identityOf } from "./doctor/differences.ts";
import type { Finding, FindingState } from "./doctor/finding.ts";
import { found } from "./doctor/finding.ts";
import { rightsToRead, rightsToWork } from "./doctor/needs.ts";
import { lookAtCertificate, lookAtTargets } from "./doctor/places.ts";
import { lookAtPower } from "./doctor/power.ts";
import { lookAtRights } from "./doctor/rights.ts";
import { lookAtPorts } from "./doctor/start.ts";
import { lookAtStore } from "./doctor/storage.ts";
import { settingOptions, settingsFrom } from "./settings.ts";
import { EXIT, JSON_OUTPUT, type Verb } from "./verb.ts";

export const doctor: Verb = {
  help: `
Takes the settings that serve takes, and looks at: what is declared (does it load, can each listener fire, are the
secrets there), the cluster (does it answer, its clock, its kinds, each right that is needed), the store (does it answer,
may it forget, its clock), targets, ports and certificate; and at where Sluice differs from Tekton under these settings. What
there is none of (no cluster, no store yet) is passed over, and said. A Redis or Postgres store is opened as serve opens
it. Nothing is accepted, created or changed in a cluster.

✓ fine · ! works, but look · ✗ does not work · – passed over · · to know. Exit code 1 when something does not work.

  sluice doctor --config triggers/
  sluice doctor --from-cluster --namespaces team-a,team-b --store redis://localhost:6379
  sluice doctor --from-cluster -o json`,
  options: [...settingOptions(), JSON_OUTPUT],
  async run({ console, environment }, _args, options) {
    const settings = settingsFrom(options, environment);
    const findings = await examine(settings, environment);
    const count = (wanted: FindingState) => findings.filter(({ state }) => state === wanted).length;
    const [failed, warned] = [count("fail"), count("warn")];
    if (options["output"] === "json") console.json({ ok: failed === 0, failed, warned, findings });
    else print(console, findings, failed, warned);
    return failed === 0 ? EXIT.ok : EXIT.no;
  },
};

async function examine(settings: Settings, environment: Environment): Promise<readonly Finding[]> {
  const [outside, served, store, certificate, targets, ports] = await Promise.all([
    withoutCluster(settings) ?? [],
    lookAtServed(settings),
    lookAtStore(settings, environment),
    lookAtCertificate(settings),
    lookAtTargets(settings),
    lookAtPorts(settings),
  ]);
  return [...served, ...outside, ...store, ...targets, ...ports, ...certificate, ...differences(settings)];
}

/** Why no cluster is looked at; undefined where one is. */
function withoutCluster({ fromCluster, create, kubeconfig }: Settings): readonly Finding[] | undefined {
  const skip = (what: string): readonly Finding[] => [{ area: "cluster", state: "skip", what }];
  if (fromCluster || create === "kubernetes") return undefined;
  if (create !== "auto") return skip(`objects go to ${create}: no cluster is needed`);
  if (isClusterKnown({ kubeconfig })) return undefined;
  return skip("no cluster is known (no --kubeconfig, and this is no pod): objects go to directory:./runs");
}

/** What is declared, and the gateway's own cluster where it is needed for that or for what it makes. */
async function lookAtServed(settings: Settings): Promise<readonly Finding[]> {
  if (withoutCluster(settings) !== undefined) return (await lookAtDeclared(settings)).findings;
  try {
    const { kubeconfig, leaseNamespace = ownNamespace(loadCluster({ kubeconfig })) } = settings;
    const session = createSession(() => loadCluster({ kubeconfig }));
    try {
      return await lookInCluster(createApi(session), { ...settings, leaseNamespace });
    } finally {
      session.close();
    }
  } catch (error) {
    return [found("cluster", error)];
  }
}

async function lookInCluster(
  api: Api,
  settings: Settings & { readonly leaseNamespace: string },
): Promise<readonly Finding[]> {
  const { findings, user } = await lookAtCluster("cluster", api, settings);
  if (user === undefined) return findings;
  const rights = await lookAtRights(api, user, rightsToRead(settings));
  if (settings.fromCluster && [...findings, ...rights].some(({ state }) => state === "fail")) {
    const what = "not looked at: kinds, or rights to read them, are missing";
    return [...findings, ...rights, { area: "listeners", state: "skip", what }];
  }
  const declared = await lookAtDeclared(settings);
  const work = await lookAtRights(
    api,
    user,
    rightsToWork(settings, declared.listeners, settings.leaseNamespace),
  );
  const acts = settings.create !== "dry-run" && identityOf(settings) === "tekton" && settings.fromCluster;
  const accounts = acts ? await lookAtAccounts(api, declared.listeners) : [];
  const power = await lookAtPower(api, settings);
  return [...findings, ...rights, ...work, ...power, ...accounts, ...declared.findings];
}

const SIGNS: Readonly<Record<FindingState, string>> = { ok: "✓", warn: "!", fail: "✗", skip: "–", note: "·" };

function print({ out, colors }: Console, findings: readonly Finding[], failed: number, warned: number): void {
  const paint = {
    ok: colors.green,
    warn: colors.yellow,
    fail: colors.red,
    skip: colors.dim,
    note: colors.dim,
  };
  for (const [area, group] of Map.groupBy(findings, (finding) => finding.area)) {
    out(colors.bold(area));
    for (const { state, what, fix, code } of group) {
      const tag = code === undefined ? "" : colors.dim(` [${code}]`);
      out(`  ${paint[state](SIGNS[state])} ${clean(what).replaceAll("\n", "\n    ")}${tag}`);
      if (fix !== undefined && (state === "fail" || state === "warn"))
        out(`    ${colors.cyan("→")} ${clean(fix)}`);
    }
  }
  const sum = `${failed} to mend, ${warned} to look at`;
  out(failed > 0 ? colors.red(`✗ ${sum}`) : colors.green(`✓ ${sum}`));
}
