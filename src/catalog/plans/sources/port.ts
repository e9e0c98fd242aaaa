/** The port to what operators declare: in force or not yet, whole or with faults. */

import type { Settings } from "../../../config/index.ts";
import type { SluiceError } from "../../../core/errors.ts";
import type { Tell } from "../../../core/fact.ts";
import type { HttpClient } from "../../../core/interceptor.ts";
import type { VisiblePlan } from "../../../core/plan.ts";
import type { Registry } from "../../../decide/intercept/index.ts";
import type { InForce } from "../in-force.ts";

export interface Declared {
  /** Of a cluster: resolves when something is in force; before that nothing may be accepted, and no job worked on. */
  readonly ready: Promise<void>;
  state(): DeclaredState;
  readonly visible: VisiblePlan;
  close(): Promise<void>;
}

export interface DeclaredState {
  /** Whether something is in force. */
  readonly loaded: boolean;
  /** What is not in force, each for itself: objects that cannot be used, triggers that cannot fire. */
  readonly faults: readonly SluiceError[];
  /** What is doubtful in what is in force. */
  readonly warnings: readonly SluiceError[];
  /** Why what is in force may be old, or nothing is: files or cluster cannot be read. */
  readonly away?: readonly SluiceError[];
}

export interface DeclaredNeeds {
  readonly settings: Settings;
  readonly registry: Registry;
  readonly http: HttpClient;
  readonly inForce: InForce;
  readonly tell: Tell;
}

/** What the settings say about compiling. */
export function compileOptions(settings: Settings) {
  const { unverified, duplicates, clusters, unknownParams, brokenResource } = settings;
  return { unverified, selection: { duplicates }, clusters, unknownParams, render: { brokenResource } };
}
