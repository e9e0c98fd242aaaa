/** The doctor's look at the accounts that objects are created as: may the listener use them, and may they create runs. */

import type { ListenerPlan } from "../../core/plan.ts";
import { createIdentity, type Maker } from "../../dispatch/create/index.ts";
import type { Api } from "../../kubernetes/index.ts";
import { createReviews, grantCommand, type Reviews } from "../../kubernetes/index.ts";
import type { Finding } from "./finding.ts";
import { found } from "./finding.ts";

const AREA = "accounts";
const RUNS = { verb: "create", group: "tekton.dev", resource: "pipelineruns" } as const;
/** Different ones that are looked at; each is two or three questions. */
const MOST = 200;

/** Asks what creating would ask, once for all triggers that share listener, namespace and account. */
export async function lookAtAccounts(
  api: Api,
  listeners: readonly ListenerPlan[],
): Promise<readonly Finding[]> {
  const reviews = createReviews(api);
  const makers = makersOf(listeners);
  const findings: Finding[] = [];
  for (const maker of makers.slice(0, MOST)) findings.push(...(await lookAt(maker, reviews)));
  if (makers.length > MOST) {
    findings.push({ area: AREA, state: "note", what: `${makers.length - MOST} more were not looked at` });
  }
  if (findings.length > 0 || makers.length === 0) return findings;
  return [
    { area: AREA, state: "ok", what: "listeners may use their accounts, and these may create PipelineRuns" },
  ];
}

async function lookAt(maker: Maker, reviews: Reviews): Promise<readonly Finding[]> {
  try {
    const account = await createIdentity(reviews).accountOf(maker);
    const { namespace } = maker.trigger;
    if (await reviews.may(account, { ...RUNS, namespace })) return [];
    const what = `service account ${account.namespace}/${account.name} may not create PipelineRuns in ${namespace}; its templates may make others`;
    const fix = grantCommand({
      verb: RUNS.verb,
      resource: `${RUNS.resource}.${RUNS.group}`,
      namespace,
      account,
    });
    return [{ area: AREA, state: "warn", what, fix }];
  } catch (error) {
    const finding = found(AREA, error);
    // Missing rights to ask stand among the gateway's own.
    return finding.code === "SLUICE_CREATE_FORBIDDEN" ? [{ ...finding, state: "skip" }] : [finding];
  }
}

function makersOf(listeners: readonly ListenerPlan[]): readonly Maker[] {
  const makers = new Map<string, Maker>();
  for (const { namespace, name, serviceAccount: listenerAccount, groups } of listeners) {
    for (const trigger of groups.flatMap((group) => group.triggers)) {
      const { serviceAccount } = trigger;
      const key = JSON.stringify([namespace, listenerAccount, trigger.namespace, serviceAccount]);
      makers.set(key, {
        listener: { namespace, name },
        trigger: { namespace: trigger.namespace, name: trigger.name },
        ...(serviceAccount !== undefined && { serviceAccount }),
        ...(listenerAccount !== undefined && { listenerAccount }),
      });
    }
  }
  return [...makers.values()];
}
