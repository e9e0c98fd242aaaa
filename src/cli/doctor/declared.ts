/** The doctor's look at what is declared: does it load, can each listener fire, are the secrets there that prove senders. */

import { BUILT_IN } from "../../../interceptors/index.ts";
import { createInForce } from "../../catalog/plans/index.ts";
import { openDeclared } from "../../catalog/plans/sources/index.ts";
import type { Settings } from "../../config/index.ts";
import { amount } from "../../core/amount.ts";
import { within } from "../../core/deadline.ts";
import type { SluiceError } from "../../core/errors.ts";
import { type FaultGroup, groupFaults } from "../../core/fault-groups.ts";
import { type ListenerPlan, shownTrigger } from "../../core/plan.ts";
import { lackOf } from "../../core/secret-lack.ts";
import type { Secrets } from "../../core/secrets.ts";
import { validValues } from "../../core/secrets.ts";
import { createHttpClient, createRegistry } from "../../decide/intercept/index.ts";
import { demandedSecrets, weakValues } from "../demanded-secrets.ts";
import type { Finding } from "./finding.ts";
import { found } from "./finding.ts";

export interface Seen {
  readonly findings: readonly Finding[];
  readonly listeners: readonly ListenerPlan[];
}

const AREA = "listeners";
/** Milliseconds for all objects of a cluster to come in. */
const SYNC_MS = 30_000;
/** Of one sort; a thousand broken triggers have one cause. */
const SHOWN = 20;

/** Loads what `serve` would load with these settings, and lets it go again. */
export async function lookAtDeclared(settings: Settings): Promise<Seen> {
  const { config, fromCluster } = settings;
  if (config.length === 0 && !fromCluster) {
    const what = "neither --config nor --from-cluster is given: there is nothing to serve";
    const fix = "Name files or folders with --config, or serve what a cluster holds with --from-cluster.";
    return { findings: [{ area: AREA, state: "warn", what, fix }], listeners: [] };
  }
  const http = createHttpClient();
  const inForce = createInForce();
  const registry = createRegistry(BUILT_IN);
  try {
    const declared = await openDeclared({ settings, registry, http, inForce, tell: () => undefined });
    try {
      await within(declared.ready, SYNC_MS, () => undefined);
      const { loaded, faults, warnings, away = [] } = declared.state();
      const listeners = await Promise.all(inForce.plans.all().map(declared.visible));
      const broken: Finding[] = groupFaults(faults).map((group) => grouped(group, "fail"));
      // Missing rights stand in an area of their own, with what grants them.
      const lost = away
        .filter(({ code }) => code !== "SLUICE_WATCH_FORBIDDEN")
        .map((fault) => placed(fault, "fail"));
      if (!loaded) {
        const what = `nothing is in force after ${SYNC_MS / 1_000} s`;
        return { findings: [...broken, ...lost, { area: AREA, state: "fail", what }], listeners };
      }
      const able = listeners.map(fitness);
      const [fit, unable] = [true, false].map((ok) =>
        able.filter(({ state }) => (state === "ok") === ok),
      ) as [Finding[], Finding[]];
      // What a listener's line ends with needs no line of its own.
      const told = able.map(({ what }) => what).join("\n");
      const doubts = groupFaults(warnings.filter(({ message }) => !told.includes(message))).map((group) =>
        grouped(group, "warn"),
      );
      const proofs = await secretsOf(listeners, inForce.secrets);
      return {
        findings: [...some(broken), ...lost, ...some(unable), ...some(fit), ...some(proofs), ...some(doubts)],
        listeners,
      };
    } finally {
      await declared.close();
    }
  } catch (error) {
    return { findings: [found(AREA, error)], listeners: [] };
  } finally {
    http.close();
  }
}

/** Whether a listener can make anything of a delivery. */
function fitness({ namespace, name, groups, fault }: ListenerPlan): Finding {
  const label = `${namespace}/${name}`;
  const triggers = groups.flatMap((group) => group.triggers);
  if (fault !== undefined)
    return { ...placed(fault, "fail"), what: `${label} cannot be served: ${fault.message}` };
  if (triggers.length === 0) {
    const fix = "Give it triggers, or correct its selectors.";
    return { area: AREA, state: "warn", what: `${label} has no trigger: it accepts and does nothing`, fix };
  }
  const broken = triggers.flatMap(({ key, shown, barred, fault: own }) => {
    const fault = barred ?? own;
    return fault === undefined ? [] : [{ key: shown ?? key, fault }];
  });
  const [first] = broken;
  if (first === undefined)
    return { area: AREA, state: "ok", what: `${label}: ${amount(triggers.length, "trigger")}` };
  const state = broken.length === triggers.length ? "fail" : "warn";
  const what = `${label}: ${broken.length} of ${amount(triggers.length, "trigger")} cannot fire; ${first.key}: ${first.fault.message}`;
  return { area: AREA, state, what, fix: first.fault.fix, code: first.fault.code };
}

async function secretsOf(listeners: readonly ListenerPlan[], secrets: Secrets): Promise<Finding[]> {
  const demanded = demandedSecrets(listeners);
  const findings = await Promise.all(
    demanded.map(async ({ trigger, secret }): Promise<readonly Finding[]> => {
      const { namespace, name, key } = secret;
      const label = `Secret ${namespace}/${name}, which trigger ${shownTrigger(trigger)} proves senders with`;
      try {
        const data = await secrets.read(namespace, name);
        if (validValues(data, key).length > 0)
          return weakValues({ trigger, secret }, data).map((weak) => found("secrets", weak, "warn"));
        const what = `${label}, ${lackOf(secret, data, secrets).lack}`;
        const fix =
          data === null
            ? `kubectl create secret generic ${name} -n ${namespace} --from-literal=${key}=…, with what the sender has.`
            : `kubectl patch secret ${name} -n ${namespace} -p '{"stringData":{"${key}":"…"}}', with what the sender has; or correct the key in secretRef.`;
        return [{ area: "secrets", state: "fail", what, fix, code: "SLUICE_SECRET_MISSING" }];
      } catch (error) {
        return [found("secrets", error)];
      }
    }),
  );
  const doubtful = findings.flat();
  if (doubtful.length > 0 || demanded.length === 0) return doubtful;
  return [
    {
      area: "secrets",
      state: "ok",
      what: `${amount(demanded.length, "key that proves senders is", "keys that prove senders are")} there`,
    },
  ];
}

function placed(fault: SluiceError, state: "fail" | "warn"): Finding {
  const { at } = fault;
  const finding = found(AREA, fault, state);
  return at === undefined ? finding : { ...finding, what: `${at.file}:${at.line} ${finding.what}` };
}

function grouped({ fault, message }: FaultGroup, state: "fail" | "warn"): Finding {
  const { at } = fault;
  const what = at === undefined ? message : `${at.file}:${at.line} ${message}`;
  return { ...found(AREA, fault, state), what };
}

function some(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= SHOWN) return findings;
  const what = `and ${findings.length - SHOWN} more like these`;
  return [...findings.slice(0, SHOWN), { area: AREA, state: "note", what }];
}
