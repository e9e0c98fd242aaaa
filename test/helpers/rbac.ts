/** RBAC objects for tests, as kubectl would make them: a role in a namespace or the cluster, bound to whom it is for. */

import type { ApiObject, ApiServer } from "./api-server.ts";

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const GROUP = "rbac.authorization.k8s.io";

/**
 * A role with its binding.
 *
 * @param user a name as the API server has it; `system:serviceaccount:<namespace>:<name>` for an account.
 * @param namespace undefined: everywhere.
 */
export function grantObjects(
  user: string,
  namespace: string | undefined,
  rules: readonly Rule[],
  name = `g-${user.replace(/[^a-z0-9]+/g, "-")}-${rules.flatMap(({ verbs }) => verbs).join("-")}`,
): readonly [ApiObject, ApiObject] {
  const scope = namespace === undefined ? "Cluster" : "";
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  const apiVersion = `${GROUP}/v1`;
  return [
    { apiVersion, kind: `${scope}Role`, metadata, rules },
    {
      apiVersion,
      kind: `${scope}RoleBinding`,
      metadata,
      roleRef: { apiGroup: GROUP, kind: `${scope}Role`, name },
      subjects: [{ apiGroup: GROUP, kind: "User", name: user }],
    },
  ];
}

/** Puts them on the test API server. @returns takes them away again. */
export function grant(
  server: ApiServer,
  user: string,
  namespace: string | undefined,
  ...rules: readonly Rule[]
): () => void {
  const objects = grantObjects(user, namespace, rules);
  for (const object of objects) server.put(object);
  return () => {
    for (const { kind, metadata } of objects) server.remove(kind, metadata.namespace ?? "", metadata.name);
  };
}

/** `system:serviceaccount:<namespace>:<name>`. */
export const accountUser = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`;
