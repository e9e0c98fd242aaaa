/** Declared in a cluster: each change comes into force by itself, and what is broken fails alone. */

import type { SluiceError } from "../../../core/errors.ts";
import { asFault } from "../../../core/errors.ts";
import {
  createApi,
  createDiscovery,
  createReviews,
  createSession,
  loadCluster,
} from "../../../kubernetes/index.ts";
import { createClusterCatalog } from "../../cluster/catalog.ts";
import { createClusterSecrets } from "../../cluster/secrets.ts";
import { createServed } from "../../cluster/served.ts";
import { countTriggers } from "../../index.ts";
import { lint } from "../../lint/index.ts";
import { type CompiledPlans, createPlanner } from "../in-force.ts";
import type { Declared, DeclaredNeeds } from "./port.ts";
import { compileOptions } from "./port.ts";
import { createVisibility } from "./visible.ts";

/** Of a list: a page of large objects takes its time; of a Secret: a sender waits for it. Milliseconds. */
const LIST_MS = 30_000;
const SECRET_MS = 4_000;
const REVIEW_MS = 4_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** Looking at thousands of triggers takes a tenth of a second: done when changes have ended, and not for each of them. */
const LINT_MS = 2_000;

/** @throws SluiceError SLUICE_CONFIG_INVALID when no cluster is known. */
export async function declaredInCluster(needs: DeclaredNeeds): Promise<Declared> {
  const { settings, registry, http, inForce, tell } = needs;
  const { kubeconfig, namespaces } = settings;
  const session = createSession(() => loadCluster({ kubeconfig }));
  const api = createApi(session, { timeoutMs: LIST_MS, maxBytes: MAX_BYTES });
  const onTrouble = (what: string, error: SluiceError) => tell({ type: "cluster.trouble", what, error });
  const onMended = (what: string) => tell({ type: "cluster.mended", what });
  const secrets = createClusterSecrets({
    api: createApi(session, { timeoutMs: SECRET_MS, maxBytes: MAX_BYTES }),
    onAway: (error) => onTrouble("secrets", error),
    onBack: () => onMended("secrets"),
  });
  const { visible, refused } = createVisibility(
    createReviews(createApi(session, { timeoutMs: REVIEW_MS, maxBytes: MAX_BYTES })),
  );
  const planner = createPlanner({ registry, secrets, http, ...compileOptions(settings) });
  const doubts = createDoubts(() => lint(catalog.declarations, { duplicates: settings.duplicates }).warnings);
  let compiled: CompiledPlans | undefined;

  function compile(): void {
    const { declarations } = catalog;
    const started = performance.now();
    try {
      compiled = planner.compile(declarations);
    } catch (error) {
      tell({ type: "defect", where: "catalog of the cluster", error: asFault(error) });
      return;
    }
    inForce.swap({ plans: compiled.plans, secrets });
    const took = performance.now() - started;
    doubts.ask();
    tell({
      type: "catalog.loaded",
      objects: catalog.count(),
      listeners: declarations.listeners.length,
      triggers: countTriggers(declarations),
      faults: [...catalog.faults(), ...compiled.errors],
      took,
    });
  }

  const catalog = createClusterCatalog({
    ...{ api, namespaces, onTrouble, onMended },
    served: createServed(api, createDiscovery(api)),
    onChange: compile,
  });

  return {
    ready: catalog.synced,
    state() {
      const { errors = [], warnings = [] } = compiled ?? {};
      const found = [...catalog.faults(), ...errors, ...warnings, ...refused(), ...doubts.found()];
      return {
        loaded: catalog.isSynced(),
        faults: [],
        warnings: [...new Set(found)],
        away: catalog.away(),
      };
    },
    visible,
    async close() {
      doubts.close();
      catalog.close();
      session.close();
    },
  };
}

/** What is probably not meant, looked for when nothing has changed for a while. */
function createDoubts(look: () => readonly SluiceError[]) {
  let found: readonly SluiceError[] = [];
  let timer: NodeJS.Timeout | undefined;
  return {
    ask() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        found = look();
      }, LINT_MS).unref();
    },
    found: () => found,
    close: () => clearTimeout(timer),
  };
}
