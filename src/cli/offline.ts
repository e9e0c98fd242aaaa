/** Listeners compiled from files without anything running: what `check` and `try` work on. */

import { BUILT_IN } from "../../interceptors/index.ts";
import { type Loaded, loadCatalog } from "../catalog/index.ts";
import { ELSEWHERE } from "../catalog/lint/index.ts";
import { compilePlans, mayBeElsewhere, plansOf } from "../catalog/plans/index.ts";
import type { Settings } from "../config/index.ts";
import { fault, type SluiceError } from "../core/errors.ts";
import type { HttpClient } from "../core/interceptor.ts";
import type { Plans } from "../core/plan.ts";
import type { Secrets } from "../core/secrets.ts";
import type { Trigger } from "../core/tekton.ts";
import { createRegistry } from "../decide/intercept/index.ts";
import { doubtfulSecrets, secretsElsewhere } from "./demanded-secrets.ts";
import { readStreams } from "./streams.ts";
import { lintUnused, unselected, withElsewhere } from "./unselected.ts";

export interface Offline {
  readonly plans: Plans;
  readonly secrets: Secrets;
  /** The Secrets of the files alone. */
  readonly inFiles: Secrets;
  readonly objects: number;
  readonly files: number;
  readonly errors: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
  /** Triggers that no listener of the files selects; looked for on request. */
  readonly unselected: readonly Trigger[];
  /** What is worth knowing and wrong nowhere: Secrets that are in none of the files. */
  readonly notes: readonly SluiceError[];
  readonly locateSecret: Loaded["locateSecret"];
}

export interface OfflineOptions {
  /** Asks remote interceptors; absent: they stop the event. */
  readonly http?: HttpClient | undefined;
  /** What interceptors read in place of the Secrets in the files. */
  readonly standIn?: (files: Secrets) => Secrets;
  /** Looks at what no listener selects, too. */
  readonly alone?: boolean;
  /** Standard input, which the path `-` stands for. */
  readonly input?: () => NodeJS.ReadableStream;
}

/**
 * @param paths files and folders; at least one.
 * @throws SluiceError SLUICE_CONFIG_INVALID without any.
 */
export async function loadOffline(
  paths: readonly string[],
  settings: Pick<Settings, "namespace" | "unverified"> &
    Partial<Pick<Settings, "clusters" | "unknownParams" | "brokenResource">>,
  { http, standIn = (files) => files, alone = false, input }: OfflineOptions = {},
): Promise<Offline> {
  if (paths.length === 0) {
    const reason = "name at least one file or folder with Tekton Triggers objects";
    throw fault("SLUICE_CONFIG_INVALID", { key: "config", reason });
  }
  const { rest, streams } = await readStreams(paths, input);
  const loaded = await loadCatalog({ paths: rest, streams, defaultNamespace: settings.namespace });
  const { declarations, objects, files, faults, away } = loaded;
  const secrets = standIn(loaded.secrets);
  const { unverified, clusters = new Map(), unknownParams = "warn", brokenResource = "before" } = settings;
  const compiling = { unverified, clusters, unknownParams, render: { brokenResource } };
  const needs = { registry: createRegistry(BUILT_IN), secrets, ...compiling };
  const elsewhere = alone ? unselected(declarations) : [];
  const all = elsewhere.length === 0 ? declarations : withElsewhere(declarations, elsewhere);
  const compiled = compilePlans(all, http === undefined ? needs : { ...needs, http });
  const plans = plansOf(compiled.plans.all().filter(({ name }) => name !== ELSEWHERE));
  const unused = alone ? lintUnused(declarations, needs.registry) : { errors: [], warnings: [] };
  const doubts = await doubtfulSecrets(plans.all(), loaded);
  const notes = await secretsElsewhere(plans.all(), loaded.secrets);
  const found = [...away, ...faults, ...compiled.errors, ...unused.errors];
  // As references to bindings and templates: the usual layout has such interceptors in the cluster.
  const errors = found.filter((error) => !mayBeElsewhere(error));
  const missing = found.filter(mayBeElsewhere);
  const warnings = [...loaded.warnings, ...compiled.warnings, ...unused.warnings, ...missing, ...doubts];
  return {
    ...{ plans, secrets, inFiles: loaded.secrets, notes, objects, files, locateSecret: loaded.locateSecret },
    ...{ errors, unselected: elsewhere },
    warnings: warnings.filter((warning) => !isBroken(warning, faults)),
  };
}

/** A reference to an object that is there and broken: that it is broken was said, and it does exist. */
function isBroken({ code, values }: SluiceError, faults: readonly SluiceError[]): boolean {
  if (code !== "SLUICE_REF_MISSING") return false;
  return faults.some(
    ({ values: { kind, namespace, name } }) =>
      kind === values["kind"] && name === values["name"] && (namespace || "(any)") === values["namespace"],
  );
}
