/** Names of listeners that no Service can be called after. */

import { isServiceName } from "../../core/dns-label.ts";
import type { EventListener } from "../../core/tekton.ts";
import type { Finding } from "./finding.ts";

/** Tekton's controller makes the Service `el-<name>` for each listener, and so does `--announce services`. */
export function checkServiceName(owner: EventListener): readonly Finding[] {
  const { name, namespace } = owner.metadata;
  // What makes the listener itself unusable was said.
  if (owner.fault !== undefined || isServiceName(`el-${name}`)) return [];
  const values = { name, path: `/${namespace}/${name}` };
  return [{ code: "SLUICE_LISTENER_SERVICE", values, owner, path: ["metadata", "name"] }];
}
