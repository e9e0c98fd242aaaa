/** Labels of metrics: their values' bounds, and how a run's maker is named by them. */

import { ERRORS } from "../core/error-table.ts";
import type { CreateJob } from "../core/job.ts";
import { OUTCOMES } from "../core/ledger.ts";
import { RUN_PHASES } from "../core/progress.ts";
import type { Bound } from "./series.ts";
import { atMost, oneOf } from "./series.ts";

export type Label = keyof ReturnType<typeof labelBounds>;

/** The bound of every label, fresh for each set of metrics. Names chosen outside (repositories, events) are no labels. */
export function labelBounds() {
  return {
    namespace: atMost(500),
    listener: atMost(1_000),
    trigger: atMost(2_000),
    kind: atMost(50),
    provider: atMost(30),
    where: atMost(50),
    outcome: oneOf([...OUTCOMES, "done", "retry", "exists"]),
    result: oneOf(["filtered", "failed", "matched"]),
    code: oneOf(["", ...Object.keys(ERRORS)]),
    status: oneOf(["succeeded", "failed"]),
    phase: oneOf(RUN_PHASES),
    verb: oneOf(["replay", "retry", "drop", "pause", "resume", "payload", "cancel", "export", "import"]),
  } satisfies Record<string, Bound>;
}

export type Bounds = ReturnType<typeof labelBounds>;

/** Label values as they are shown, each within its bound. */
export function labelled(
  labels: readonly Label[],
  values: readonly string[],
  bounds: Bounds,
): Record<string, string> {
  return Object.fromEntries(labels.map((label, i) => [label, bounds[label](values[i] ?? "")]));
}

/** Who made a run, as labels: the listener's namespace, its name, the trigger. */
export const MAKER = ["namespace", "listener", "trigger"] as const satisfies readonly Label[];

/** Values for {@link MAKER}; a trigger of another namespace than its listener's is named with it. */
export function makerOf({
  listener,
  trigger,
}: Pick<CreateJob, "listener" | "trigger">): [string, string, string] {
  const { namespace, name } = trigger;
  return [
    listener.namespace,
    listener.name,
    namespace === listener.namespace ? name : `${namespace}/${name}`,
  ];
}
