/** Who may do what on the test API server: RBAC objects that it holds, impersonation, and the reviews that ask about both. */

import { isRecord } from "./admission.ts";
import type { Resource, Rest } from "./rest.ts";
import { badRequest, Refusal } from "./status.ts";
import type { ApiObject } from "./storage.ts";

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What somebody wants to do to what (k8s.io/apiserver/pkg/authorization/authorizer: Attributes). */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  /** Plural, with its subresource: `eventlisteners/status`. */
  readonly resource: string;
  /** "" at the scope of the cluster. */
  readonly namespace: string;
  readonly name: string;
}

/** A user with the groups that the server's authenticators give him (pkg/serviceaccount: MakeGroupNames). */
export function userOf(name: string, groups: readonly string[] = []): User {
  const account = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name);
  const own = account === null ? [] : ["system:serviceaccounts", `system:serviceaccounts:${account[1]}`];
  return { name, groups: [...groups, ...own, "system:authenticated"] };
}

export function attributesOf(
  method: string,
  { kind, namespace = "", name = "" }: Resource,
  watch: boolean,
  subresource = "",
): Attributes {
  const verbs: Record<string, string> = { POST: "create", PUT: "update", PATCH: "patch" };
  const read = name === "" ? (watch ? "watch" : "list") : "get";
  const removal = name === "" ? "deletecollection" : "delete";
  const verb = verbs[method] ?? (method === "DELETE" ? removal : read);
  const resource = subresource === "" ? kind.plural : `${kind.plural}/${subresource}`;
  return { verb, group: kind.group, resource, namespace, name };
}

/** RBAC's answer (plugin/pkg/auth/authorizer/rbac): some binding of the user leads to a rule that allows it. */
export function isAllowed({ storage }: Rest, user: User, wanted: Attributes): boolean {
  if (user.groups.includes("system:masters")) return true;
  // What system:basic-user gives to everybody.
  if (wanted.verb === "create" && /^selfsubject(access|rules)?reviews$/.test(wanted.resource)) return true;
  const objects = storage.all();
  const rulesOf = (reference: unknown, namespace: string): readonly unknown[] => {
    if (!isRecord(reference)) return [];
    const { kind, name } = reference;
    const role = objects.find(
      (object) =>
        object.kind === kind &&
        object.metadata.name === name &&
        (kind === "ClusterRole" || object.metadata.namespace === namespace),
    );
    return listOf(role?.["rules"]);
  };
  return objects.some((object) => {
    const { kind, metadata } = object;
    const namespace = metadata.namespace ?? "";
    const counts =
      kind === "ClusterRoleBinding" || (kind === "RoleBinding" && namespace === wanted.namespace);
    if (!counts || !namesUser(object, user)) return false;
    return rulesOf(object["roleRef"], namespace).some((rule) => isRecord(rule) && ruleAllows(rule, wanted));
  });
}

function namesUser(binding: ApiObject, user: User): boolean {
  return listOf(binding["subjects"]).some((subject) => {
    if (!isRecord(subject)) return false;
    const { kind, name, namespace } = subject;
    if (kind === "Group") return user.groups.includes(String(name));
    if (kind === "ServiceAccount")
      return user.name === `system:serviceaccount:${String(namespace)}:${String(name)}`;
    return kind === "User" && user.name === name;
  });
}

function ruleAllows(rule: Record<string, unknown>, wanted: Attributes): boolean {
  const has = (field: string, value: string): boolean => {
    const values = listOf(rule[field]);
    return values.includes(value) || values.includes("*");
  };
  const named = listOf(rule["resourceNames"]);
  return (
    has("verbs", wanted.verb) &&
    has("apiGroups", wanted.group) &&
    has("resources", wanted.resource) &&
    (named.length === 0 || named.includes(wanted.name))
  );
}

/** Worded as k8s.io/apiserver/pkg/endpoints/handlers/responsewriters words it. */
export function forbidden(user: User, { verb, group, resource, namespace, name }: Attributes): Refusal {
  const full = group === "" ? resource : `${resource}.${group}`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const who = `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`;
  const message = `${full}${name === "" ? "" : ` "${name}"`} is forbidden: ${who}`;
  const details = { ...(name !== "" && { name }), ...(group !== "" && { group }), kind: resource };
  return new Refusal(403, "Forbidden", message, details);
}

/**
 * The user that a request acts as (k8s.io/apiserver/pkg/endpoints/filters/impersonation.go).
 *
 * @throws Refusal 403 when `user` may not impersonate him.
 */
export function actingAs(rest: Rest, user: User, impersonated: string | undefined, rbac: boolean): User {
  if (impersonated === undefined) return user;
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(impersonated);
  const [resource, namespace, name] =
    account === null ? ["users", "", impersonated] : ["serviceaccounts", account[1] ?? "", account[2] ?? ""];
  const wanted = { verb: "impersonate", group: "", resource, namespace, name };
  if (rbac && !isAllowed(rest, user, wanted)) throw forbidden(user, wanted);
  return userOf(impersonated);
}

/** Answers a SelfSubjectReview, SelfSubjectAccessReview, SubjectAccessReview or LocalSubjectAccessReview; nothing is stored. */
export function review(rest: Rest, asking: User, resource: Resource, body: string, rbac: boolean): object {
  const document: unknown = JSON.parse(body);
  if (!isRecord(document)) throw badRequest("no review");
  if (resource.kind.kind === "SelfSubjectReview")
    return { ...document, status: { userInfo: { username: asking.name, groups: asking.groups } } };
  const spec = isRecord(document["spec"]) ? document["spec"] : {};
  const asked = spec["resourceAttributes"];
  if (!isRecord(asked)) throw badRequest("exactly one of nonResourceAttributes or resourceAttributes");
  const { verb, group, resource: plural, subresource, namespace, name } = asked;
  if (resource.namespace !== undefined && namespace !== resource.namespace)
    throw badRequest("spec.resourceAttributes.namespace must match metadata.namespace");
  const self = resource.kind.kind === "SelfSubjectAccessReview";
  const user = self ? asking : userOf(String(spec["user"]), listOf(spec["groups"]).map(String));
  const wanted: Attributes = {
    verb: String(verb ?? ""),
    group: String(group ?? ""),
    resource: subresource ? `${String(plural)}/${String(subresource)}` : String(plural ?? ""),
    namespace: String(namespace ?? ""),
    name: String(name ?? ""),
  };
  return { ...document, status: { allowed: !rbac || isAllowed(rest, user, wanted) } };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
