/** Declared in files: what stands there is in force, and what is broken fails alone, as in a cluster. */

import { allVisible } from "../../../core/plan.ts";
import { createFileCatalog } from "../../index.ts";
import { compilePlans } from "../in-force.ts";
import type { Declared, DeclaredNeeds } from "./port.ts";
import { compileOptions } from "./port.ts";

/** Ready at once, even where no file can be read: the check says so, and files may be corrected any time. */
export async function declaredInFiles(needs: DeclaredNeeds): Promise<Declared> {
  const { settings, registry, http, inForce, tell } = needs;
  const catalog = await createFileCatalog({
    paths: settings.config,
    defaultNamespace: settings.namespace,
    tell,
    accept({ declarations, secrets, unread }) {
      const compiled = compilePlans(declarations, { registry, secrets, http, ...compileOptions(settings) });
      inForce.swap({ plans: compiled.plans, secrets, ...(unread && { unread }) });
      return compiled;
    },
  });
  return { ready: Promise.resolve(), state: catalog.state, visible: allVisible, close: catalog.close };
}
