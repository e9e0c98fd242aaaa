/** The port to what operators declare: in force or not yet, whole or with faults. */

import type { Settings } from "../config/schema.ts";
import type { SluiceError } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { HttpClient } from "../core/interceptor.ts";
import type { VisiblePlan } from "../core/plan.ts";
import type { Registry } from "../intercept/registry.ts";
import type { InForce } from "../plans.ts";

export interface Declared {
  /** Resolves when something is in force; before that nothing may be accepted, and no job worked on. */
  readonly ready: Promise<void>;
  state(): DeclaredState;
  readonly visible: VisiblePlan;
  close(): Promise<void>;
}

export interface DeclaredState {
  /** Whether something is in force. */
  readonly loaded: boolean;
  /** What keeps the latest state of files from coming into force. */
  readonly faults: readonly SluiceError[];
  /** What is wrong with what is in force, though the rest of it works. */
  readonly warnings: readonly SluiceError[];
  /** Why what is in force may be old, or nothing is: the cluster cannot be asked. */
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
export function compileOptions({ unverified, duplicates, clusters }: Settings) {
  return { unverified, selection: { duplicates }, clusters };
}
