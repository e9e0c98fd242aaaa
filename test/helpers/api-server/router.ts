/** From a path of the Kubernetes API to what it names: a discovery document or a resource. */

import type { Kind, KindRegistry } from "./kinds.ts";
import type { Resource } from "./rest.ts";

export type Route =
  | { readonly type: "document"; readonly body: object }
  | { readonly type: "resource"; readonly resource: Resource }
  | { readonly type: "text"; readonly body: string };

/** @returns undefined where a real server answers `404 page not found`. */
export function route(path: string, kinds: KindRegistry): Route | undefined {
  const parts = path.split("/").slice(1).map(decoded);
  const [root = "", ...rest] = parts;
  if (root === "version") return document({ major: "1", minor: "34", gitVersion: "v1.34.0-sluice-test" });
  if (root === "healthz" || root === "livez" || root === "readyz") return { type: "text", body: "ok" };
  if (root === "api") return api(rest, kinds);
  if (root === "apis") return apis(rest, kinds);
  return undefined;
}

function api([version, ...rest]: readonly string[], kinds: KindRegistry): Route | undefined {
  if (version === undefined) return document({ kind: "APIVersions", versions: ["v1"] });
  return inVersion(version, rest, kinds);
}

function apis([group, version, ...rest]: readonly string[], kinds: KindRegistry): Route | undefined {
  if (group === undefined) return document(kinds.groupList());
  if (version === undefined) return document(kinds.group(group));
  return inVersion(`${group}/${version}`, rest, kinds);
}

function inVersion(apiVersion: string, rest: readonly string[], kinds: KindRegistry): Route | undefined {
  if (rest.length === 0) return document(kinds.resourceList(apiVersion));
  const [first = "", second, third, ...more] = rest;
  if (first === "namespaces" && second !== undefined && third !== undefined) {
    const kind = kinds.find(apiVersion, third);
    if (kind?.namespaced !== true || more.length > 2) return undefined;
    const [name, subresource] = more;
    const whole = { kind, namespace: second, ...named(name) };
    if (subresource === undefined) return { type: "resource", resource: whole };
    if (!isSubresource(kind, subresource)) return undefined;
    return { type: "resource", resource: { ...whole, subresource } };
  }
  const kind = kinds.find(apiVersion, first);
  if (kind === undefined || third !== undefined) return undefined;
  return { type: "resource", resource: { kind, ...named(second) } };
}

function isSubresource(kind: Kind, name: string): name is "status" | "token" {
  if (name === "token") return kind.group === "" && kind.plural === "serviceaccounts";
  return name === "status" && kind.statusApart === true;
}

const named = (name: string | undefined): { name?: string } => (name === undefined ? {} : { name });

function document(body: object | undefined): Route | undefined {
  return body === undefined ? undefined : { type: "document", body };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
