/** What it takes to decide a stored delivery again: the delivery, its proof, and the plan in force, narrowed to a trigger. */

import { bodyMissing } from "../core/body.ts";
import type { ObjectName } from "../core/delivery.ts";
import { fault } from "../core/errors.ts";
import type { Ledger, StoredDelivery } from "../core/ledger.ts";
import type { ListenerPlan, Plans, VisiblePlan } from "../core/plan.ts";

export interface Again {
  readonly stored: StoredDelivery;
  /** The scheme that had proved the sender. */
  readonly proof: string;
  readonly plan: ListenerPlan;
}

/**
 * Makes the function that looks up a stored delivery and who would decide it now.
 *
 * @returns takes an id and, for one trigger only, its `name` or `namespace/name`. @throws SluiceError
 *   SLUICE_DELIVERY_UNKNOWN, SLUICE_DELIVERY_DUPLICATE, SLUICE_BODY_FORGOTTEN, SLUICE_LISTENER_UNKNOWN,
 *   SLUICE_TRIGGER_UNKNOWN.
 */
export function findAgain(needs: {
  readonly ledger: Pick<Ledger, "find" | "load">;
  readonly plans: Plans;
  readonly visible: VisiblePlan;
}) {
  const { ledger, plans, visible } = needs;
  return async (id: string, trigger: string | undefined): Promise<Again> => {
    const [stored, record] = await Promise.all([ledger.load(id), ledger.find(id)]);
    if (stored === undefined || record === undefined) throw bodyMissing(id, record);
    const { namespace, name } = stored.listener;
    const plan = plans.find(namespace, name);
    if (plan === undefined) {
      const served = plans.all().map((known) => `/${known.namespace}/${known.name}`);
      const values = {
        method: "replay",
        path: `/${namespace}/${name}`,
        host: "-",
        served: served.join(", "),
      };
      throw fault("SLUICE_LISTENER_UNKNOWN", values);
    }
    const wanted = trigger === undefined ? plan : onlyTrigger(plan, trigger);
    return { stored, proof: stored.proof, plan: await visible(wanted) };
  };
}

/**
 * The listener with one of its triggers.
 *
 * @param wanted `name` or `namespace/name`. @throws SluiceError SLUICE_TRIGGER_UNKNOWN.
 */
export function onlyTrigger(plan: ListenerPlan, wanted: string): ListenerPlan {
  const [name, namespace] = wanted.split("/", 2).reverse();
  const fits = (known: ObjectName) =>
    known.name === name && (namespace === undefined || known.namespace === namespace);
  const groups = plan.groups
    .map((group) => ({ ...group, triggers: group.triggers.filter(fits) }))
    .filter(({ triggers }) => triggers.length > 0);
  if (groups.length > 0) return { ...plan, groups };
  const known = plan.groups.flatMap(({ triggers }) => triggers.map((one) => `${one.namespace}/${one.name}`));
  const listener = `${plan.namespace}/${plan.name}`;
  throw fault("SLUICE_TRIGGER_UNKNOWN", { name: wanted, listener, known: known.join(", ") });
}
