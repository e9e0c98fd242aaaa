/** The doctor's look at where things come in and go out: the webhook port's certificate, and each target. */

import { existsSync } from "node:fs";
import { readiness } from "../../admin/index.ts";
import type { Settings } from "../../config/index.ts";
import { openTargets } from "../../dispatch/create/index.ts";
import { UNWRITABLE } from "../../gateway/index.ts";
import { isClusterKnown } from "../../kubernetes/index.ts";
import { certificateOf, WEBHOOK_CERTIFICATE } from "../../tls/index.ts";
import type { Finding } from "./finding.ts";
import { checked, found } from "./finding.ts";
import { lookAtFolder } from "./start.ts";

export async function lookAtCertificate(settings: Settings): Promise<readonly Finding[]> {
  const area = "tls";
  try {
    const certificate = await certificateOf(settings, WEBHOOK_CERTIFICATE, { tell: () => undefined });
    if (certificate === undefined) {
      const what =
        "the webhook port speaks plain HTTP: something before it has to end TLS, or name --tls-cert";
      return [{ area, state: "note", what }];
    }
    certificate.close();
    const { checks } = await readiness([certificate.check]);
    return checks.flatMap((report) => checked(area, report));
  } catch (error) {
    return [found(area, error)];
  }
}

/** The folder that objects go to; asking such a target whether it is ready would make it. */
function folderOf({ create, kubeconfig }: Settings): string | undefined {
  if (create.startsWith("directory:")) return create.slice("directory:".length);
  return create === "auto" && !isClusterKnown({ kubeconfig }) ? "runs" : undefined;
}

export async function lookAtTargets(settings: Settings): Promise<readonly Finding[]> {
  const area = "targets";
  const folder = folderOf(settings);
  if (folder !== undefined && !existsSync(folder)) {
    const finding = lookAtFolder(area, folder, UNWRITABLE);
    return [{ ...finding, what: `folder ${finding.what}` }];
  }
  try {
    const targets = openTargets(settings);
    try {
      const all = [targets.target, ...targets.clusters.values()];
      return await Promise.all(
        all.map(async ({ name, ready }): Promise<Finding> => {
          try {
            await ready();
            return { area, state: "ok", what: `${name} can be used` };
          } catch (error) {
            const finding = found(area, error);
            return { ...finding, what: `${name}: ${finding.what}` };
          }
        }),
      );
    } finally {
      await targets.close();
    }
  } catch (error) {
    return [found(area, error)];
  }
}
