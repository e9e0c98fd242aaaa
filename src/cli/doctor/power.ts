/** What the gateway's own rights amount to where they reach over the whole cluster: more than the list of them shows. */

import type { Settings } from "../../config/index.ts";
import type { Api } from "../../kubernetes/index.ts";
import { mayWe } from "../../kubernetes/index.ts";
import type { Finding } from "./finding.ts";
import { found } from "./finding.ts";

const AREA = "rights";

const WIDE = [
  {
    right: { verb: "impersonate", group: "", resource: "serviceaccounts" },
    what: "may act as every service account of the cluster: its token, or the right to start pods in its namespace, is worth what the strongest of them may, in most clusters everything",
  },
  {
    right: { verb: "get", group: "", resource: "secrets" },
    what: "may read every Secret of the cluster whose name is known: so may any holder of its token, and any pod in its namespace that runs under its account",
  },
] as const;

/** A remark on a gateway of the whole cluster; a warning where it serves some namespaces only and needs no such right. */
export async function lookAtPower(
  api: Api,
  { fromCluster, namespaces }: Pick<Settings, "fromCluster" | "namespaces">,
): Promise<readonly Finding[]> {
  const few = fromCluster && namespaces.length > 0;
  const fix =
    "Bind its account to Roles in the namespaces that it serves (deploy/access/namespace), and to no ClusterRole.";
  try {
    const findings = WIDE.map(async ({ right, what }): Promise<readonly Finding[]> => {
      if (!(await mayWe(api, right))) return [];
      if (few) return [{ area: AREA, state: "warn", what, fix }];
      return [{ area: AREA, state: "note", what: `${what} (deploy/overlays/namespaced does without)` }];
    });
    return (await Promise.all(findings)).flat();
  } catch (error) {
    return [found(AREA, error)];
  }
}
