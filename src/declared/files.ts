/** Declared in files: a state of them comes into force as a whole, or not at all. */

import { createFileCatalog } from "../catalog/index.ts";
import { allVisible } from "../core/plan.ts";
import { compilePlans } from "../plans.ts";
import type { Declared, DeclaredNeeds } from "./declared.ts";
import { compileOptions } from "./declared.ts";

/** Ready at once, even where nothing is fit to come into force: the check says so, and files may be mended any time. */
export async function declaredInFiles(needs: DeclaredNeeds): Promise<Declared> {
  const { settings, registry, http, inForce, tell } = needs;
  const catalog = await createFileCatalog({
    paths: settings.config,
    defaultNamespace: settings.namespace,
    tell,
    accept({ declarations, secrets }) {
      const compiled = compilePlans(declarations, { registry, secrets, http, ...compileOptions(settings) });
      if (compiled.errors.length === 0) inForce.swap({ plans: compiled.plans, secrets });
      return compiled;
    },
  });
  return { ready: Promise.resolve(), state: catalog.state, visible: allVisible, close: catalog.close };
}
