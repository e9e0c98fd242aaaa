/** Which listener a request is for: by Host as in-cluster senders address it, by path, or the default one. */

import type { ObjectName } from "../core/delivery.ts";
import { fault } from "../core/errors.ts";
import type { ListenerPlan, Plans } from "../core/plan.ts";

export interface RouteRequest {
  readonly method: string;
  /** Path and query as they stood in the request line. */
  readonly url: string;
  readonly host: string | undefined;
}

/**
 * Finds the listener of a request: `Host: el-<listener>.<namespace>.svc…` with any path, then
 * `/<namespace>/<listener>`, then `/` for the default listener (the named one, else the only one).
 *
 * @throws SluiceError SLUICE_LISTENER_UNKNOWN that names the listeners there are.
 */
export function routeTo(plans: Plans, request: RouteRequest, defaultListener?: ObjectName): ListenerPlan {
  const plan = byHost(plans, request.host) ?? byPath(plans, pathOf(request.url), defaultListener);
  if (plan !== undefined) return plan;
  throw fault("SLUICE_LISTENER_UNKNOWN", {
    method: request.method,
    path: pathOf(request.url).slice(0, 200),
    host: (request.host ?? "").slice(0, 200),
    served: namesOf(plans),
  });
}

function byHost(plans: Plans, host: string | undefined): ListenerPlan | undefined {
  // The Service that Tekton makes for a listener is called el-<listener>.
  const match = /^el-([a-z0-9.-]+?)\.([a-z0-9-]+)\.svc(?:[.:]|$)/i.exec(host ?? "");
  return match === null ? undefined : plans.find(lower(match[2]), lower(match[1]));
}

function byPath(plans: Plans, path: string, defaultListener?: ObjectName): ListenerPlan | undefined {
  if (path === "/") {
    if (defaultListener !== undefined) return plans.find(defaultListener.namespace, defaultListener.name);
    const all = plans.all();
    return all.length === 1 ? all[0] : undefined;
  }
  const match = /^\/([a-z0-9-]+)\/([a-z0-9.-]+)\/?$/.exec(path);
  return match === null ? undefined : plans.find(match[1] as string, match[2] as string);
}

function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
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
