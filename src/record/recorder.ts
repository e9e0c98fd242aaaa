/** Where facts go: to the log and to the metrics, neither of which can break or delay what it hears about. */

import { asFault } from "../core/errors.ts";
import type { Fact, Tell } from "../core/fact.ts";

/** Anything that listens to facts. */
export interface FactListener {
  readonly tell: Tell;
}

/**
 * Joins the listeners of facts to one Tell.
 *
 * @param listeners the log and the metrics; when one of them throws, the other is told of the defect.
 * @returns a function that never throws and never waits.
 */
export function createRecorder(listeners: {
  readonly logger: FactListener;
  readonly metrics: FactListener;
}): Tell {
  const { logger, metrics } = listeners;
  return (fact) => {
    attempt("record/metrics", metrics, fact, logger);
    attempt("record/log", logger, fact, metrics);
  };
}

function attempt(where: string, listener: FactListener, fact: Fact, other: FactListener): void {
  try {
    listener.tell(fact);
  } catch (error) {
    try {
      other.tell({ type: "defect", where, error: asFault(error) });
    } catch {
      // Both are broken, and nobody is left to be told.
    }
  }
}
