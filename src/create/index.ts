/** The targets by the setting `create`: the cluster where one is known, else a folder. */

import type { Target } from "../core/job.ts";
import { isClusterKnown } from "../kube/cluster.ts";
import { createDirectoryTarget } from "./directory.ts";
import { createDryRunTarget } from "./dry-run.ts";
import { createKubernetesTarget } from "./kubernetes.ts";

const DIRECTORY = "directory:";

/**
 * Opens a target; nothing is sent before its first use.
 *
 * @param settings.create `auto`, `kubernetes`, `dry-run` or `directory:<dir>`.
 * @throws SluiceError SLUICE_CONFIG_INVALID when a cluster is asked for and none is known.
 */
export function openTarget({
  create,
  kubeconfig,
}: {
  readonly create: string;
  readonly kubeconfig?: string;
}): Target {
  if (create === "dry-run") return createDryRunTarget();
  if (create.startsWith(DIRECTORY)) return createDirectoryTarget({ dir: create.slice(DIRECTORY.length) });
  if (create === "auto" && !isClusterKnown({ kubeconfig })) return createDirectoryTarget({ dir: "runs" });
  return createKubernetesTarget({ kubeconfig });
}
