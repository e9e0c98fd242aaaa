/** A check: one thing that must hold before this process should be sent work, asked again whenever somebody looks. */

/** degraded: something is wrong, yet deliveries are still taken. failed: send them elsewhere. */
export type CheckState = "ok" | "degraded" | "failed";

export interface CheckAnswer {
  readonly state: CheckState;
  /** For people. */
  readonly message: string;
  /** How to mend it, where something is to be mended. */
  readonly fix?: string;
  readonly faults?: readonly FaultPlace[];
}

export interface Check {
  readonly name: string;
  readonly check: () => CheckAnswer | Promise<CheckAnswer>;
}

/** A fault of a declared object as it is reported. */
export interface FaultPlace {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  /** `file:line`, where the fault has a place. */
  readonly at?: string;
}
