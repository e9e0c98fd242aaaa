/** What operators declare, in files or in a cluster: compiled, and kept in force as it changes. */

import { fault } from "../../../core/errors.ts";
import { declaredInCluster } from "./cluster.ts";
import { declaredInFiles } from "./files.ts";
import type { Declared, DeclaredNeeds } from "./port.ts";

export { outgoingPolicy } from "./outgoing.ts";
export type { Declared, DeclaredNeeds, DeclaredState } from "./port.ts";

/** @throws SluiceError SLUICE_CONFIG_INVALID when both sources are named, or the cluster is not known. */
export async function openDeclared(needs: DeclaredNeeds): Promise<Declared> {
  const { config, fromCluster } = needs.settings;
  if (!fromCluster) return declaredInFiles(needs);
  if (config.length === 0) return declaredInCluster(needs);
  // Which of two listeners of one name counts, and whether a Secret of a file goes before the cluster's, nobody could tell.
  const reason = `expected either --config or --from-cluster; got both (--config ${config.join(",")})`;
  throw fault("SLUICE_CONFIG_INVALID", { key: "fromCluster", reason });
}
