/** Cost budget: what deciding one delivery may cost, counted in steps, over all expressions, paths and templates. */

import { fault, type SluiceError } from "./errors.ts";

/**
 * Steps of one millisecond: a step is some 50 ns of one core. Steps are counted instead of time, so that a delivery
 * comes out the same on any machine, however busy. `bench/cost.ts` measures what is charged for each function.
 */
export const STEPS_PER_MS = 20_000;

/** Steps of one trigger, 50 ms: a trigger is asked without a break, so this is the longest that everything else waits. */
export const MAX_TRIGGER_STEPS = 50 * STEPS_PER_MS;

/** Steps after which the event loop gets a turn. */
const TURN_STEPS = 5 * STEPS_PER_MS;

/** Steps that each trigger costs besides what it charges. */
const TRIGGER_STEPS = 20;

/** Steps granted for each byte of a body, 500 ns: a trigger that reads a large event more than once is no attack. */
const STEPS_PER_BYTE = 10;
/** The most that the size of a body grants. */
const MAX_BYTES_GRANTED = 1024 * 1024;

/** An unproved delivery has so much less of what the setting grants. */
const UNPROVED_SHARE = 1 / 10;

/** What the setting decideBudget is by default, milliseconds. */
export const DEFAULT_DECIDE_BUDGET_MS = 1_000;

/** What one trigger may still spend. Handed to every function that loops over an event's data. */
export interface Cost {
  /** @throws SluiceError SLUICE_COST_EXCEEDED when the trigger's or the delivery's budget is spent. */
  charge(steps: number): void;
}

/** The budget of one delivery. */
export interface CostBudget {
  /** Begins a trigger: what it charges counts for it and for the delivery. */
  begin(): Cost;
  /** Some trigger's proof holds: the delivery may cost what a proved one may. */
  prove(): void;
  /** Whether the steps since the last call of {@link turn} are so many that the event loop should have a turn. */
  due(): boolean;
  turn(): void;
  /** Steps spent so far. */
  spent(): number;
}

export interface CostLimits {
  /** Bytes of the body: they raise the limit. */
  readonly bytes: number;
  /** Milliseconds that a proved delivery may cost; an unproved one a tenth. */
  readonly limitMs?: number;
}

/** Makes the budget of one delivery, unproved at first. */
export function createCostBudget({ bytes, limitMs = DEFAULT_DECIDE_BUDGET_MS }: CostLimits): CostBudget {
  const granted = Math.min(bytes, MAX_BYTES_GRANTED) * STEPS_PER_BYTE;
  let limit = limitMs * STEPS_PER_MS * UNPROVED_SHARE + granted;
  let spent = 0;
  let turnAt = TURN_STEPS;
  let proved = false;
  return {
    begin() {
      let left = MAX_TRIGGER_STEPS;
      spent += TRIGGER_STEPS;
      return {
        charge(steps) {
          left -= steps;
          spent += steps;
          if (spent > limit) throw exceeded("the triggers of this delivery together", limit, proved);
          if (left < 0) throw exceeded("this trigger", MAX_TRIGGER_STEPS, proved);
        },
      };
    },
    prove() {
      if (proved) return;
      proved = true;
      limit = limitMs * STEPS_PER_MS + granted;
    },
    due: () => spent >= turnAt,
    turn() {
      turnAt = spent + TURN_STEPS;
    },
    spent: () => spent,
  };
}

function exceeded(what: string, limit: number, proved: boolean): SluiceError {
  const ms = String(Math.round(limit / STEPS_PER_MS));
  return fault("SLUICE_COST_EXCEEDED", { what, limit: ms, sender: proved ? "proved" : "unproved" });
}

/** For evaluations outside of a delivery: tests, explanations, `sluice try` of one expression. */
export function createCost(steps: number = MAX_TRIGGER_STEPS): Cost {
  let left = steps;
  return {
    charge(charged) {
      left -= charged;
      if (left < 0) throw exceeded("this evaluation", steps, true);
    },
  };
}
