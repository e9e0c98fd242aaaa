/** Listeners compiled from files without anything running: what `check` and `try` work on. */

import { BUILT_IN } from "../../interceptors/index.ts";
import { type Loaded, loadCatalog } from "../catalog/index.ts";
import type { Settings } from "../config/schema.ts";
import { fault, type SluiceError } from "../core/errors.ts";
import type { HttpClient } from "../core/interceptor.ts";
import type { Plans } from "../core/plan.ts";
import type { Secrets } from "../core/secrets.ts";
import { createRegistry } from "../intercept/registry.ts";
import { compilePlans } from "../plans.ts";
import { doubtfulSecrets } from "./demanded-secrets.ts";
import { misspelt } from "./misspelt.ts";

export interface Offline {
  readonly plans: Plans;
  readonly secrets: Secrets;
  readonly objects: number;
  readonly files: number;
  readonly errors: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
  readonly locateSecret: Loaded["locateSecret"];
}

/** @param paths files and folders; at least one. @throws SluiceError SLUICE_CONFIG_INVALID without any. */
export async function loadOffline(
  paths: readonly string[],
  settings: Pick<Settings, "namespace" | "unverified"> & Partial<Pick<Settings, "clusters">>,
  http?: HttpClient,
): Promise<Offline> {
  if (paths.length === 0) {
    const reason = "name at least one file or folder with Tekton Triggers objects";
    throw fault("SLUICE_CONFIG_INVALID", { key: "config", reason });
  }
  const loaded = await loadCatalog({ paths, defaultNamespace: settings.namespace });
  const { declarations, secrets, objects, files, faults } = loaded;
  const { unverified, clusters = new Map() } = settings;
  const needs = { registry: createRegistry(BUILT_IN), secrets, unverified, clusters };
  const { plans, errors, warnings } = compilePlans(
    declarations,
    http === undefined ? needs : { ...needs, http },
  );
  const doubts = await doubtfulSecrets(plans.all(), loaded);
  const all = {
    errors: [...faults, ...errors],
    warnings: [...warnings, ...misspelt(declarations), ...doubts],
  };
  return { plans, secrets, objects, files, locateSecret: loaded.locateSecret, ...all };
}
