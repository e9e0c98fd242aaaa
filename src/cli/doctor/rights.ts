/** The rights that a gateway needs under these settings, what each is for, and the doctor's questions about them. */

import { SERVED, TEKTON_GROUP } from "../../catalog/admit.ts";
import type { Settings } from "../../config/schema.ts";
import type { ObjectName } from "../../core/delivery.ts";
import type { ListenerPlan } from "../../core/plan.ts";
import type { Api } from "../../kube/api.ts";
import { grantCommand } from "../../kube/grant.ts";
import type { Permission } from "../../kube/reviews.ts";
import { mayWe } from "../../kube/reviews.ts";
import { identityOf } from "./differences.ts";
import type { Finding } from "./finding.ts";
import { found } from "./finding.ts";

export interface Need {
  /** Completes "may …" and "may not …". */
  readonly what: string;
  /** What a missing right is: nothing works without it, or something is not seen. */
  readonly missing: "fail" | "warn";
  /** Name of a role that would grant it. */
  readonly role: string;
  readonly rights: readonly Permission[];
}

const CLUSTER_WIDE: ReadonlySet<string> = new Set(["ClusterTriggerBinding", "ClusterInterceptor"]);
const RUNS = { group: "tekton.dev", resource: "pipelineruns" } as const;
const TASKS = { group: "tekton.dev", resource: "taskruns" } as const;

/** What it takes to know what is served. */
export function rightsToRead({ fromCluster, namespaces }: Settings): readonly Need[] {
  return fromCluster ? reading(namespaces) : [];
}

/** What it takes to work on it. @param listeners those that are served: their accounts and namespaces. */
export function rightsToWork(settings: Settings, listeners: readonly ListenerPlan[]): readonly Need[] {
  const creating = namespacesOf(listeners);
  const needs: Need[] = [];
  if (identityOf(settings) === "tekton") needs.push(...actingAs(listeners, settings.fromCluster));
  else if (creating.length > 0) {
    needs.push({
      what: "create PipelineRuns",
      missing: "fail",
      role: "sluice-create",
      rights: within(creating, [{ verb: "create", ...RUNS }]),
    });
  }
  if (creating.length > 0) {
    needs.push({
      what: "tell its own runs from others' after an answer that was lost (the account that made them may do instead)",
      missing: "warn",
      role: "sluice-look",
      rights: within(creating, [{ verb: "get", ...RUNS }]),
    });
  }
  return needs;
}

function reading(namespaces: readonly string[]): readonly Need[] {
  const resources = Object.keys(SERVED).map((kind) => ({ kind, resource: `${kind.toLowerCase()}s` }));
  const follow = (resource: string, group = TEKTON_GROUP): Permission[] =>
    ["list", "watch"].map((verb) => ({ verb, group, resource }));
  const spread = (rights: readonly Permission[]) =>
    namespaces.length === 0 ? rights : within(namespaces, rights);
  const own = resources.filter(({ kind }) => !CLUSTER_WIDE.has(kind));
  const wide = resources.filter(({ kind }) => CLUSTER_WIDE.has(kind));
  return [
    {
      what: "read what is declared, and follow its changes",
      missing: "fail",
      role: "sluice-read",
      rights: spread(own.flatMap(({ resource }) => follow(resource))),
    },
    {
      what: "read ClusterTriggerBindings and ClusterInterceptors",
      // Whoever serves some namespaces may do without them.
      missing: namespaces.length === 0 ? "fail" : "warn",
      role: "sluice-read-cluster",
      rights: wide.flatMap(({ resource }) => follow(resource)),
    },
    {
      what: "follow what becomes of its runs",
      missing: "warn",
      role: "sluice-follow",
      rights: spread([...follow(RUNS.resource, RUNS.group), ...follow(TASKS.resource, TASKS.group)]),
    },
    {
      what: "tell listeners where they are served",
      missing: "warn",
      role: "sluice-announce",
      rights: spread([{ verb: "patch", group: TEKTON_GROUP, resource: "eventlisteners/status" }]),
    },
  ];
}

/** Each account by name: a Role may allow just these. */
function actingAs(listeners: readonly ListenerPlan[], tenants: boolean): readonly Need[] {
  const accounts = new Map<string, ObjectName>();
  const asked = new Set<string>();
  for (const { namespace, serviceAccount = "default", groups } of listeners) {
    for (const trigger of groups.flatMap((group) => group.triggers)) {
      const own = trigger.serviceAccount;
      const account =
        own === undefined ? { namespace, name: serviceAccount } : { namespace: trigger.namespace, name: own };
      accounts.set(`${account.namespace}/${account.name}`, account);
      if (own !== undefined || trigger.namespace !== namespace) asked.add(trigger.namespace);
    }
  }
  const impersonate = { verb: "impersonate", group: "", resource: "serviceaccounts" } as const;
  const need: Need = {
    what: "create objects as the accounts of listeners and triggers",
    missing: "fail",
    role: "sluice-impersonate",
    rights: Array.from(accounts.values(), ({ namespace, name }) => ({ ...impersonate, namespace, name })),
  };
  const ask = { verb: "create", group: "authorization.k8s.io", resource: "localsubjectaccessreviews" };
  const review: Need = {
    what: "ask whether a listener may use another account or namespace, as Tekton would",
    missing: "fail",
    role: "sluice-review",
    rights: within([...asked], [ask]),
  };
  return [need, ...(tenants ? [review] : [])].filter(({ rights }) => rights.length > 0);
}

/** Questions at a time, and namespaces of one need that are shown. */
const AT_ONCE = 16;
const SHOWN = 10;
const AREA = "rights";

/** Asks for each need; what is allowed is one line, what is not has the command that grants it. */
export async function lookAtRights(
  api: Api,
  user: string,
  needs: readonly Need[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const need of needs) {
    try {
      findings.push(...(await answers(api, user, need)));
    } catch (error) {
      findings.push(found(AREA, error));
    }
  }
  return findings;
}

async function answers(api: Api, user: string, need: Need): Promise<readonly Finding[]> {
  const { what, missing, rights } = need;
  const refused: Permission[] = [];
  for (let i = 0; i < rights.length; i += AT_ONCE) {
    const some = rights.slice(i, i + AT_ONCE);
    const allowed = await Promise.all(some.map((right) => mayWe(api, right)));
    refused.push(...some.filter((_right, at) => !allowed[at]));
  }
  if (refused.length === 0) return [{ area: AREA, state: "ok", what: `may ${what}` }];
  const places = [...Map.groupBy(refused, ({ namespace }) => namespace)];
  const shown = places.slice(0, SHOWN).map(([namespace, lacking]): Finding => {
    const where = namespace === undefined ? "in the whole cluster" : `in namespace ${namespace}`;
    const verbs = distinct(lacking.map(({ verb }) => verb));
    const resources = distinct(lacking.map(resourceOf));
    const resourceNames = distinct(lacking.flatMap(({ name }) => name ?? []));
    const grant = {
      verb: verbs.join(","),
      resource: resources.join(","),
      resourceNames,
      role: need.role,
      user,
    };
    const named = resourceNames.length === 0 ? "" : ` (${resourceNames.join(", ")})`;
    return {
      area: AREA,
      state: missing,
      what: `may not ${what} ${where}: it lacks ${verbs.join(", ")} on ${resources.join(", ")}${named}`,
      fix: grantCommand(namespace === undefined ? grant : { ...grant, namespace }),
    };
  });
  if (places.length > SHOWN) {
    shown.push({ area: AREA, state: "note", what: `and in ${places.length - SHOWN} more namespaces` });
  }
  return shown;
}

/** As kubectl takes it. */
function resourceOf({ group, resource }: Permission): string {
  const [plural = "", subresource] = resource.split("/");
  return `${plural}${group === "" ? "" : `.${group}`}${subresource === undefined ? "" : `/${subresource}`}`;
}

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

function within(namespaces: readonly string[], rights: readonly Permission[]): readonly Permission[] {
  return namespaces.flatMap((namespace) => rights.map((right) => ({ ...right, namespace })));
}

function namespacesOf(listeners: readonly ListenerPlan[]): readonly string[] {
  const triggers = listeners.flatMap(({ groups }) => groups.flatMap((group) => group.triggers));
  return [...new Set(triggers.map(({ namespace }) => namespace))];
}
