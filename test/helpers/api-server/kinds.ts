/** The kinds that the test API server knows, and the discovery documents that tell of them. */

import type { Cause } from "./status.ts";
import type { ApiObject } from "./storage.ts";

/** One kind in one API version. Versions of one group and plural share their objects. */
export interface Kind {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Its status is written through `/status` alone, as of kinds whose definition declares the subresource. */
  readonly statusApart?: true;
  /** What an object may have beside apiVersion, kind and metadata; the rest is dropped, with a remark. Default: anything. */
  readonly fields?: readonly string[];
  /** What is wrong with an object, beyond what every kind demands of its metadata. */
  readonly validate?: (object: ApiObject) => readonly Cause[];
}

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** Shorthand for a list of kinds of one group and version; a plural is the kind in lower case and an s unless given. */
function kinds(apiVersion: string, namespaced: boolean, names: readonly string[]): Kind[] {
  const { group, version } = splitApiVersion(apiVersion);
  return names.map((kind) => ({ group, version, kind, plural: `${kind.toLowerCase()}s`, namespaced }));
}

const apart = (all: readonly Kind[]): Kind[] => all.map((kind) => ({ ...kind, statusApart: true }));

export const DEFAULT_KINDS: readonly Kind[] = [
  ...kinds("v1", true, ["ConfigMap", "Secret", "ServiceAccount", "Service", "Event"]),
  ...kinds("v1", false, ["Namespace"]),
  // What Tekton's definitions serve: all with their status apart.
  ...["v1", "v1beta1"].flatMap((version) =>
    apart(kinds(`tekton.dev/${version}`, true, ["PipelineRun", "TaskRun", "Pipeline", "Task"])).map(
      (kind) => ({
        ...kind,
        fields: ["spec", "status"],
      }),
    ),
  ),
  ...["v1beta1", "v1alpha1"].flatMap((version) => [
    ...apart(
      kinds(`triggers.tekton.dev/${version}`, true, [
        "EventListener",
        "Trigger",
        "TriggerBinding",
        "TriggerTemplate",
      ]),
    ),
    ...apart(kinds(`triggers.tekton.dev/${version}`, false, ["ClusterTriggerBinding"])),
  ]),
  ...apart(kinds("triggers.tekton.dev/v1alpha1", true, ["Interceptor"])),
  ...apart(kinds("triggers.tekton.dev/v1alpha1", false, ["ClusterInterceptor"])),
  ...kinds("rbac.authorization.k8s.io/v1", true, ["Role", "RoleBinding"]),
  ...kinds("rbac.authorization.k8s.io/v1", false, ["ClusterRole", "ClusterRoleBinding"]),
  ...kinds("authentication.k8s.io/v1", false, ["SelfSubjectReview"]),
  ...kinds("authorization.k8s.io/v1", false, ["SelfSubjectAccessReview", "SubjectAccessReview"]),
  ...kinds("authorization.k8s.io/v1", true, ["LocalSubjectAccessReview"]),
  ...kinds("coordination.k8s.io/v1", true, ["Lease"]),
  ...kinds("events.k8s.io/v1", true, ["Event"]),
  ...kinds("serving.knative.dev/v1", true, ["Service"]),
  ...kinds("apps/v1", true, ["Deployment"]),
];

export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf("/");
  return slash < 0
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

export function apiVersionOf(kind: Pick<Kind, "group" | "version">): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}

/** True for what a CustomResourceDefinition brought: groups that end in `k8s.io` or have no dot are the server's own. */
export function isCustom({ group }: Pick<Kind, "group">): boolean {
  return group.includes(".") && !group.endsWith(".k8s.io");
}

export function isNamespace({ group, plural }: Pick<Kind, "group" | "plural">): boolean {
  return group === "" && plural === "namespaces";
}

/** Finds kinds by what stands in a path. */
export class KindRegistry {
  readonly #byResource = new Map<string, Kind>();

  constructor(initial: readonly Kind[]) {
    for (const kind of initial) this.add(kind);
  }

  add(kind: Kind): void {
    this.#byResource.set(`${apiVersionOf(kind)}/${kind.plural}`, kind);
  }

  /** Forgets a kind, as when its CustomResourceDefinition is deleted. */
  remove(apiVersion: string, kind: string): void {
    for (const [key, known] of this.#byResource) {
      if (apiVersionOf(known) === apiVersion && known.kind === kind) this.#byResource.delete(key);
    }
  }

  find(apiVersion: string, plural: string): Kind | undefined {
    return this.#byResource.get(`${apiVersion}/${plural}`);
  }

  byKind(apiVersion: string, kind: string): Kind | undefined {
    return this.#all().find((known) => apiVersionOf(known) === apiVersion && known.kind === kind);
  }

  #all(): Kind[] {
    return [...this.#byResource.values()];
  }

  /** `/api/v1` and `/apis/<group>/<version>`; undefined when nothing is served there. */
  resourceList(apiVersion: string): object | undefined {
    const known = this.#all().filter((kind) => apiVersionOf(kind) === apiVersion);
    if (known.length === 0) return undefined;
    const resources = known.flatMap((kind) => {
      const entry = { name: kind.plural, singularName: kind.kind.toLowerCase(), namespaced: kind.namespaced };
      const whole = { ...entry, kind: kind.kind, verbs: VERBS };
      if (kind.statusApart !== true) return [whole];
      // Subresources are listed under the same kind; a client must not take them for the resource.
      const status = { name: `${kind.plural}/status`, singularName: "", namespaced: kind.namespaced };
      return [whole, { ...status, kind: kind.kind, verbs: ["get", "patch", "update"] }];
    });
    return { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersion, resources };
  }

  /** `/apis`. */
  groupList(): object {
    const names = [...new Set(this.#all().map((kind) => kind.group))].filter((group) => group !== "");
    return { kind: "APIGroupList", apiVersion: "v1", groups: names.map((name) => this.group(name)) };
  }

  /** `/apis/<group>`. */
  group(name: string): object | undefined {
    const known = this.#all().filter((kind) => kind.group === name && name !== "");
    const versions = [...new Set(known.map((kind) => kind.version))].map((version) => ({
      groupVersion: `${name}/${version}`,
      version,
    }));
    if (versions.length === 0) return undefined;
    return { kind: "APIGroup", apiVersion: "v1", name, versions, preferredVersion: versions[0] };
  }
}
