/** Which listener a request is for: by Host as in-cluster senders address it, by path, or the default one. */

import { type ObjectName, sameName } from "../core/delivery.ts";
import { fault } from "../core/errors.ts";
import type { ListenerPlan, Plans } from "../core/plan.ts";

export interface RouteRequest {
  readonly method: string;
  /** Path and query as they stood in the request line. */
  readonly url: string;
  readonly host: string | undefined;
}

export interface RouteOptions {
  /** Host names, in lower case, that lead to one listener by any path. */
  readonly hosts?: ReadonlyMap<string, ObjectName>;
  /** Where `/` leads when several listeners are served. */
  readonly defaultListener?: ObjectName;
  /** True: a path that names no listener leads to the default one too, as every path does in Tekton. */
  readonly anyPath?: boolean;
}

/**
 * Finds the listener of a request: `Host: el-<listener>.<namespace>.svc…` with any path, then a host that was given to
 * one listener, then `/<namespace>/<listener>` with anything behind it, then `/` for the default listener (the named one,
 * else the only one).
 * A host and a path that name different listeners lead nowhere, unless every path leads somewhere: something on the way
 * may have judged by the other one.
 *
 * @throws SluiceError SLUICE_ROUTE_CONFLICT; SLUICE_LISTENER_UNKNOWN that names the listeners there are; SLUICE_LISTENER_BROKEN when the
 *   default listener, or that of the host, is not declared: that is the operator's mistake, not the sender's;
 *   SLUICE_CATALOG_UNREAD instead of both while the listener may be declared in what was not read.
 */
export function routeTo(plans: Plans, request: RouteRequest, options: RouteOptions = {}): ListenerPlan {
  const path = pathOf(request.url);
  const { hosts, defaultListener, anyPath = false } = options;
  const named = byPath(plans, path);
  const given = serviceName(request.host) ?? hosts?.get(bareHost(request.host));
  if (given !== undefined && !anyPath && named !== undefined && !sameName(named, given)) {
    throw fault("SLUICE_ROUTE_CONFLICT", {
      ...{ host: (request.host ?? "").slice(0, 200), path: path.slice(0, 200) },
      ...{ byHost: `${given.namespace}/${given.name}`, byPath: `${named.namespace}/${named.name}` },
    });
  }
  const own = byHost(plans, request.host);
  if (own !== undefined) return own;
  const assigned = hosts?.get(bareHost(request.host));
  const asked = {
    method: request.method,
    path: shownPath(path),
    host: (request.host ?? "").slice(0, 200),
  };
  // Hosts switch hooks off that get 404.
  const known = (): void => {
    const reason = plans.unread?.();
    if (reason !== undefined) throw fault("SLUICE_CATALOG_UNREAD", { ...asked, reason });
  };
  if (assigned !== undefined) return declared(plans, assigned, "the listener of this host", known);
  if (named !== undefined) return named;
  if (path === "/" || anyPath) {
    const all = plans.all();
    if (defaultListener !== undefined) return declared(plans, defaultListener, "the default listener", known);
    known();
    if (all.length === 1) return all[0] as ListenerPlan;
  }
  known();
  throw fault("SLUICE_LISTENER_UNKNOWN", { ...asked, served: namesOf(plans) });
}

/**
 * The path that Go's ServeMux redirects to: without `.`, `..` and empty segments, read before percent-decoding.
 *
 * @returns undefined when the path is clean already.
 */
export function cleanUrl(url: string): string | undefined {
  const path = pathOf(url);
  if (!/\/\.{0,2}(?:\/|$)/.test(path)) return undefined;
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  const slash = path.endsWith("/") && segments.length > 0 ? "/" : "";
  const clean = `/${segments.join("/")}${slash}`;
  return clean === path ? undefined : clean + url.slice(path.length);
}

/** An answer that Go's server gives before Tekton's handler sees the request. */
interface Detour {
  readonly status: 307 | 400;
  readonly headers: Readonly<Record<string, string>>;
  readonly text?: string;
}

/** What Go's server says to a path that cannot be decoded, or is not clean; undefined to all others. */
export function detour(method: string, url: string): Detour | undefined {
  if (/%(?![0-9a-f]{2})/i.test(pathOf(url))) {
    const headers = { "content-type": "text/plain; charset=utf-8", connection: "close" };
    return { status: 400, headers, text: "400 Bad Request" };
  }
  const location = cleanUrl(url);
  if (location === undefined) return undefined;
  if (method !== "GET" && method !== "HEAD") return { status: 307, headers: { location } };
  const headers = { location, "content-type": "text/html; charset=utf-8" };
  if (method === "HEAD") return { status: 307, headers };
  return { status: 307, headers, text: `<a href="${escaped(location)}">Temporary Redirect</a>.\n\n` };
}

/** html.EscapeString of Go's net/http. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => HTML[sign] as string);
}

const HTML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

function byHost(plans: Plans, host: string | undefined): ListenerPlan | undefined {
  const name = serviceName(host);
  return name && plans.find(name.namespace, name.name);
}

/** The listener that a Service's host name is of: the one that Tekton makes for a listener is called el-<listener>. */
function serviceName(host: string | undefined): ObjectName | undefined {
  const match = /^el-([a-z0-9.-]+)\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?\.?(?::\d*)?$/i.exec(host ?? "");
  return match === null ? undefined : { namespace: lower(match[2]), name: lower(match[1]) };
}

/** What follows the listener's name is the triggers' to look at, or a token where one takes that for a proof. */
function byPath(plans: Plans, path: string): ListenerPlan | undefined {
  const [, namespace = "", name = "", rest = ""] =
    /^\/([a-z0-9-]+)\/([a-z0-9.-]+)(?:\/(.*))?$/s.exec(path) ?? [];
  // Something on the way may have judged by the path that these segments lead to.
  if (namespace === "" || isUnclean.test(`/${rest}`)) return undefined;
  return plans.find(namespace, name);
}

/** An empty segment before another one, `.` and `..`, also percent-encoded, and what cannot be decoded. */
const isUnclean = /\/(?:\/|(?:\.|%2e){1,2}(?:\/|$))|%(?![0-9a-f]{2})/i;

/** Without port and final dot. */
function bareHost(host: string | undefined): string {
  return lower(host).replace(/\.?(:\d*)?$/, "");
}

function declared(
  plans: Plans,
  { namespace, name }: ObjectName,
  what: string,
  known: () => void,
): ListenerPlan {
  const plan = plans.find(namespace, name);
  if (plan !== undefined) return plan;
  known();
  const reason = `it is ${what} and not declared; declared: ${namesOf(plans)}`;
  throw fault("SLUICE_LISTENER_BROKEN", { listener: `${namespace}/${name}`, reason });
}

function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
}

/** A path as it is told: behind the two names there may stand a token. */
function shownPath(path: string): string {
  const [root, namespace, name, ...behind] = path.split("/", 4);
  return (behind.length === 0 ? path : `${[root, namespace, name].join("/")}/…`).slice(0, 200);
}

function lower(text: string | undefined): string {
  return (text ?? "").toLowerCase();
}

// A gateway may serve thousands; a stranger needs a few to see the pattern.
function namesOf(plans: Plans): string {
  const names = plans.all().map((plan) => `/${plan.namespace}/${plan.name}`);
  if (names.length === 0) return "no listener at all";
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}
