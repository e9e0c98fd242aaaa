/** The rights that a gateway needs under these settings, and what each is for. */

import { SERVED, TEKTON_GROUP } from "../../catalog/index.ts";
import type { Settings } from "../../config/index.ts";
import type { ObjectName } from "../../core/delivery.ts";
import type { ListenerPlan } from "../../core/plan.ts";
import { CLUSTER_SCOPED } from "../../core/tekton.ts";
import type { Permission } from "../../kubernetes/index.ts";
import { isClusterKnown } from "../../kubernetes/index.ts";
import { identityOf } from "./differences.ts";

export interface Need {
  /** Completes "may …" and "may not …". */
  readonly what: string;
  /** What a missing right is: nothing works without it, or something is not seen. */
  readonly missing: "fail" | "warn";
  /** How names of roles that grant it begin. */
  readonly role: string;
  /** What may be done instead of granting it. */
  readonly instead?: string;
  readonly rights: readonly Permission[];
}

const RUNS = { group: "tekton.dev", resource: "pipelineruns" } as const;
const TASKS = { group: "tekton.dev", resource: "taskruns" } as const;
/** Of the Lease by which one of many gateways is chosen. */
const LEASE = "sluice-leader";

/** What it takes to know what is served. */
export function rightsToRead({ fromCluster, namespaces }: Settings): readonly Need[] {
  if (!fromCluster) return [];
  const resources = Object.keys(SERVED).map((kind) => ({ kind, resource: `${kind.toLowerCase()}s` }));
  const of = (wide: boolean) =>
    resources
      .filter(({ kind }) => CLUSTER_SCOPED.has(kind) === wide)
      .flatMap(({ resource }) => verbs(["list", "watch"], { group: TEKTON_GROUP, resource }));
  return [
    {
      what: "read what is declared, and follow its changes",
      missing: "fail",
      role: "sluice-read",
      rights: served(namespaces, of(false)),
    },
    {
      what: "read ClusterTriggerBindings and ClusterInterceptors",
      // Whoever serves some namespaces may do without them.
      missing: namespaces.length === 0 ? "fail" : "warn",
      role: "sluice-read-cluster",
      rights: of(true),
    },
  ];
}

/**
 * What it takes to work on it.
 *
 * @param listeners those that are served: their accounts and namespaces.
 * @param leaseNamespace where the Lease lies.
 */
export function rightsToWork(
  settings: Settings,
  listeners: readonly ListenerPlan[],
  leaseNamespace: string,
): readonly Need[] {
  const { create, kubeconfig } = settings;
  const creates = create === "kubernetes" || (create === "auto" && isClusterKnown({ kubeconfig }));
  const needs = [
    ...(creates ? creating(settings, listeners) : []),
    ...(settings.fromCluster ? [reviewing(listeners, creates && identityOf(settings) === "tekton")] : []),
    ...leading(settings, leaseNamespace, creates),
  ];
  return needs.filter(({ rights }) => rights.length > 0);
}

function creating(settings: Settings, listeners: readonly ListenerPlan[]): readonly Need[] {
  const namespaces = namespacesOf(listeners);
  const own: Need = {
    what: "create PipelineRuns",
    missing: "fail",
    role: "sluice-create",
    rights: within(namespaces, [{ verb: "create", ...RUNS }]),
  };
  const look: Need = {
    what: "tell its own runs from others' after an answer that was lost (the account that made them may do instead)",
    missing: "warn",
    role: "sluice-look",
    rights: within(namespaces, [{ verb: "get", ...RUNS }]),
  };
  return [...(identityOf(settings) === "tekton" ? [actingAs(listeners)] : [own]), look];
}

/** Each account by name: a Role may allow just these. */
function actingAs(listeners: readonly ListenerPlan[]): Need {
  const accounts = new Map<string, ObjectName>();
  for (const { namespace, serviceAccount = "default", groups } of listeners) {
    for (const trigger of groups.flatMap((group) => group.triggers)) {
      const own = trigger.serviceAccount;
      const account =
        own === undefined ? { namespace, name: serviceAccount } : { namespace: trigger.namespace, name: own };
      accounts.set(`${account.namespace}/${account.name}`, account);
    }
  }
  const impersonate = { verb: "impersonate", group: "", resource: "serviceaccounts" } as const;
  return {
    what: "create objects as the accounts of listeners and triggers",
    missing: "fail",
    role: "sluice-impersonate",
    rights: Array.from(accounts.values(), ({ namespace, name }) => ({ ...impersonate, namespace, name })),
  };
}

/** @param accounts whether accounts of triggers are used, too. */
function reviewing(listeners: readonly ListenerPlan[], accounts: boolean): Need {
  const asked = listeners.flatMap(({ namespace: home, groups }) =>
    groups.flatMap(({ triggers }) =>
      triggers.flatMap(({ namespace, serviceAccount }) =>
        namespace !== home || (accounts && serviceAccount !== undefined) ? [namespace] : [],
      ),
    ),
  );
  const review = { verb: "create", group: "authorization.k8s.io", resource: "localsubjectaccessreviews" };
  return {
    what: "ask whether a listener may use another account or namespace, as Tekton would",
    missing: "fail",
    role: "sluice-review",
    rights: within([...new Set(asked)], [review]),
  };
}

/** What the one gateway of many that leads does in the cluster (src/leader/leader.ts); creating goes on without. */
function leading(settings: Settings, leaseNamespace: string, creates: boolean): readonly Need[] {
  const { fromCluster, followRuns, announce, namespaces, create } = settings;
  const follows = creates && (followRuns === "on" || (followRuns === "auto" && fromCluster));
  const announces = fromCluster && announce !== "none" && create !== "dry-run";
  const seen = ["get", "list", "watch"];
  const leases = { group: "coordination.k8s.io", resource: "leases", namespace: leaseNamespace };
  const status = { verb: "patch", group: TEKTON_GROUP, resource: "eventlisteners/status" };
  const events = { group: "events.k8s.io", resource: "events" };
  const services = announce === "services" ? { group: "", resource: "services" } : undefined;
  return [
    {
      what: "follow what becomes of its runs",
      missing: "warn",
      role: "sluice-follow",
      rights: follows ? served(namespaces, [...verbs(seen, RUNS), ...verbs(seen, TASKS)]) : [],
    },
    {
      what: "tell listeners where they are served",
      missing: "warn",
      role: "sluice-announce",
      rights: announces
        ? served(namespaces, [
            status,
            ...verbs(["create", "patch"], events),
            ...(services ? verbs(["get", "create", "patch"], services) : []),
          ])
        : [],
    },
    {
      what: "be the one gateway of many that does both",
      missing: "warn",
      role: "sluice-lease",
      instead: "name a namespace where it may with --lease-namespace",
      rights:
        follows || announces
          ? [
              { verb: "create", ...leases },
              ...verbs(["get", "update"], leases).map((right) => ({ ...right, name: LEASE })),
            ]
          : [],
    },
  ];
}

function verbs<R extends Omit<Permission, "verb">>(names: readonly string[], right: R): (R & Permission)[] {
  return names.map((verb) => ({ ...right, verb }));
}

/** In each namespace that is named, or everywhere. */
function served(namespaces: readonly string[], rights: readonly Permission[]): readonly Permission[] {
  return namespaces.length === 0 ? rights : within(namespaces, rights);
}

function within(namespaces: readonly string[], rights: readonly Permission[]): readonly Permission[] {
  return namespaces.flatMap((namespace) => rights.map((right) => ({ ...right, namespace })));
}

function namespacesOf(listeners: readonly ListenerPlan[]): readonly string[] {
  const triggers = listeners.flatMap(({ groups }) => groups.flatMap((group) => group.triggers));
  return [...new Set(triggers.map(({ namespace }) => namespace))];
}
