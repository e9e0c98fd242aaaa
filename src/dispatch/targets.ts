/** The targets behind their gates: the gateway's own and those of the named clusters, none of which waits for another. */

import type { Tell } from "../core/fact.ts";
import type { Target, TargetState } from "../core/job.ts";
import type { Place } from "./circuit-breaker.ts";
import { createGate } from "./circuit-breaker.ts";

export interface Places extends Place {
  /** By the name that operators gave them. */
  readonly clusters: ReadonlyMap<string, Place>;
  /** For readiness: each place, by the name of its check. */
  readonly ready: readonly { readonly name: string; readonly ready: () => Promise<void> }[];
  /** Each place as its gate sees it: nobody is asked. */
  states(): readonly TargetState[];
  close(): void;
}

export function createPlaces(
  targets: { readonly target: Target; readonly clusters: ReadonlyMap<string, Target> },
  tell: Tell,
): Places {
  const away = new Set<string>();
  const counting: Tell = (fact) => {
    if (fact.type === "target.away") away.add(fact.target);
    if (fact.type !== "target.back") return tell(fact);
    away.delete(fact.target);
    tell(away.size === 0 ? fact : { ...fact, stillAway: away.size });
  };
  const guarded = (target: Target): Place => ({ target, gate: createGate({ target, tell: counting }) });
  const own = guarded(targets.target);
  const clusters = new Map(Array.from(targets.clusters, ([name, target]) => [name, guarded(target)]));
  const named = Array.from(clusters, ([name, { gate }]) => ({ name: `target-${name}`, ready: gate.ready }));
  return {
    ...own,
    clusters,
    ready: [{ name: "target", ready: own.gate.ready }, ...named],
    states: () => [
      { name: own.target.name, ...own.gate.state() },
      ...Array.from(clusters, ([cluster, { target, gate }]) => ({
        name: target.name,
        cluster,
        ...gate.state(),
      })),
    ],
    close() {
      for (const { gate } of [own, ...clusters.values()]) gate.close();
    },
  };
}
