/** As whom objects are created: the service account that Tekton would use, and only where Tekton would let it. */

import type { ObjectName } from "../../core/delivery.ts";
import { fault } from "../../core/errors.ts";
import type { CreateJob } from "../../core/job.ts";
import {
  grantCommand,
  isAccountName,
  type Permission,
  type Reviews,
  seeingTriggers,
} from "../../kubernetes/index.ts";

/** What says as whom a job's objects are created. */
export type Maker = Pick<CreateJob, "listener" | "trigger" | "serviceAccount" | "listenerAccount">;

export interface Identity {
  /**
   * The account that a job's objects are created as.
   *
   * @param there of a named cluster that the objects go to.
   * @throws SluiceError SLUICE_CREATE_TENANT where the listener's own account may not make use of it,
   *   SLUICE_CREATE_REFUSED for a name that none can have.
   */
  accountOf(maker: Maker, there?: There): Promise<ObjectName>;
}

/** A named cluster, which has an authorizer of its own. */
export interface There {
  readonly cluster: string;
  readonly reviews: Reviews;
}

/**
 * Tekton's rule (pkg/sink/sink.go, pkg/sink/auth_override.go): the trigger's account in the trigger's namespace,
 * impersonated by the listener's pod, else that pod's own.
 *
 * @param reviews asked what the listener's pod needs the right for in Tekton: to see triggers of another namespace, to
 *   act as their accounts. Without it (objects from files, which one operator wrote) nothing is asked.
 */
export function createIdentity(reviews?: Reviews): Identity {
  return {
    async accountOf(maker, there) {
      const { listener, trigger, serviceAccount, listenerAccount } = maker;
      const pod = named(listener.namespace, listenerAccount ?? "default");
      const account = serviceAccount === undefined ? pod : named(trigger.namespace, serviceAccount);
      if (reviews === undefined) return account;
      const demands: Demand[] = [];
      if (trigger.namespace !== listener.namespace) demands.push(seeingTriggers(trigger.namespace));
      if (account.name !== pod.name || account.namespace !== pod.namespace) demands.push(actingAs(account));
      for (const demand of demands) {
        if (!(await reviews.may(pod, demand))) throw refused(maker, pod, demand);
      }
      // Names are all that two clusters share: what one grants to a/ci says nothing of a/ci in the other. Triggers live here.
      for (const demand of there === undefined ? [] : demands.filter(({ verb }) => verb === "impersonate")) {
        if (!(await there?.reviews.may(pod, demand))) throw refused(maker, pod, demand, there?.cluster);
      }
      return account;
    },
  };
}

type Demand = Permission & { readonly namespace: string };

const actingAs = ({ namespace, name }: ObjectName): Demand => ({
  verb: "impersonate",
  group: "",
  resource: "serviceaccounts",
  namespace,
  name,
});

function refused(
  { listener }: Maker,
  pod: ObjectName,
  demand: Demand,
  cluster?: string,
): ReturnType<typeof fault> {
  const { verb, group, resource: plural, namespace, name } = demand;
  const resource = group === "" ? plural : `${plural}.${group}`;
  const only = name === undefined ? {} : { resourceNames: [name] };
  return fault("SLUICE_CREATE_TENANT", {
    listener: `${listener.namespace}/${listener.name}`,
    account: `service account ${pod.namespace}/${pod.name}`,
    what: `${verb} ${name === undefined ? resource : `${resource} ${name}`} in namespace ${namespace}${cluster === undefined ? "" : ` of cluster ${cluster}`}`,
    grant: `${grantCommand({ verb, resource, namespace, ...only, account: pod })}${cluster === undefined ? "" : `, in cluster ${cluster}`}`,
  });
}

function named(namespace: string, name: string): ObjectName {
  if (isAccountName(name)) return { namespace, name };
  const reason = "its name is no DNS subdomain";
  throw fault("SLUICE_CREATE_REFUSED", { kind: "service account", name: JSON.stringify(name), reason });
}
