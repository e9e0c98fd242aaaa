/** Readiness: what must hold before this process should be sent work, and what is only reported. */

import type { Check, CheckAnswer, CheckState, FaultPlace } from "../core/check.ts";
import { within } from "../core/deadline.ts";
import type { SluiceError } from "../core/errors.ts";
import { asFault, fault } from "../core/errors.ts";
import { type FaultGroup, groupFaults } from "../core/fault-groups.ts";

export type { Check, CheckAnswer, CheckState, FaultPlace };

export interface CheckReport extends CheckAnswer {
  readonly name: string;
  readonly ok: boolean;
}

export interface Readiness {
  readonly ready: boolean;
  /** Names of the checks that are not ok but do not stop deliveries. */
  readonly degraded: readonly string[];
  readonly checks: readonly CheckReport[];
}

/** A check that does not answer in this time has failed. */
const LIMIT_MS = 2_000;

/** Asks all checks at once; never throws. */
export async function readiness(checks: readonly Check[]): Promise<Readiness> {
  const reports = await Promise.all(checks.map(report));
  return {
    ready: reports.every(({ state }) => state !== "failed"),
    degraded: reports.filter(({ state }) => state === "degraded").map(({ name }) => name),
    checks: reports,
  };
}

/** Not ready while the store takes no writes. @param ping resolves when it has taken one. */
export function storeCheck(ping: () => Promise<void>): Check {
  return {
    name: "store",
    async check() {
      try {
        await inTime(ping());
        return { state: "ok", message: "takes writes" };
      } catch (error) {
        const { message, fix } = asFault(error);
        return { state: "failed", message, fix };
      }
    },
  };
}

/** Degraded while objects cannot be created: deliveries are still taken, and their jobs wait. */
export function targetCheck(ready: () => Promise<void>, name = "target"): Check {
  return {
    name,
    async check() {
      try {
        await inTime(ready());
        return { state: "ok", message: "answers" };
      } catch (error) {
        return { state: "degraded", message: asFault(error).message };
      }
    },
  };
}

export interface CatalogHealth {
  /** Whether some state is in force. */
  readonly loaded: boolean;
  /** What is not in force, each for itself. */
  readonly faults: readonly SluiceError[];
  /** What is doubtful in the state in force. */
  readonly warnings?: readonly SluiceError[];
  /** Why what is in force may be old, or nothing is: its source cannot be asked. */
  readonly away?: readonly SluiceError[];
}

/** Faults, each for all that are like it, that are spelled out. */
const SHOWN = 50;

/** Not ready until something is in force; what is broken takes out itself alone. */
export function catalogCheck(state: () => CatalogHealth): Check {
  return {
    name: "catalog",
    check() {
      const { loaded, faults, warnings = [], away = [] } = state();
      const found = groupFaults([...away, ...faults, ...warnings])
        .slice(0, SHOWN)
        .map(placed);
      if (found.length === 0) {
        return loaded ? { state: "ok", message: "in force" } : { state: "failed", message: "not read yet" };
      }
      const [source] = away;
      if (source !== undefined) {
        const message = loaded
          ? `in force as it was known last: ${source.message}`
          : `not read yet: ${source.message}`;
        return { state: loaded ? "degraded" : "failed", message, fix: source.fix, faults: found };
      }
      if (!loaded) return { state: "failed", message: "not read yet", faults: found };
      const concern = faults.length === 1 ? "what 1 fault concerns" : `what ${faults.length} faults concern`;
      const message = faults.length === 0 ? "in force, with warnings" : `in force, but for ${concern}`;
      return { state: "degraded", message, faults: found };
    },
  };
}

/** Something of the store that was not believed. */
export interface Distrusted {
  readonly error: SluiceError;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** So long is told of it; of what is still held it is told again each minute. */
const DISTRUST_MS = 180_000;

/** Degraded while jobs or records are held, or given up, because they are not believed. */
export function trustCheck(last: () => Distrusted | undefined, clock: () => number = Date.now): Check {
  return {
    name: "store-trust",
    check() {
      const found = last();
      if (found === undefined || clock() - found.at > DISTRUST_MS)
        return { state: "ok", message: "what it holds is believed" };
      const { code, message, fix } = found.error;
      return { state: "degraded", message, fix, faults: [{ code, message, fix }] };
    },
  };
}

/** Not ready from the moment the process begins to stop, so that nobody sends it more. */
export function stoppingCheck(stopping: () => boolean): Check {
  return {
    name: "stopping",
    check: () =>
      stopping() ? { state: "failed", message: "shutting down" } : { state: "ok", message: "running" },
  };
}

async function report({ name, check }: Check): Promise<CheckReport> {
  let answer: CheckAnswer;
  try {
    answer = await inTime(Promise.resolve(check()));
  } catch (error) {
    answer = { state: "failed", message: asFault(error).message };
  }
  return { name, ok: answer.state === "ok", ...answer };
}

function placed({ fault: { code, fix, at }, message }: FaultGroup): FaultPlace {
  return at === undefined ? { code, message, fix } : { code, message, fix, at: `${at.file}:${at.line}` };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  return within(work, LIMIT_MS, () => {
    throw fault("SLUICE_INTERNAL", { reason: "no answer" });
  });
}
