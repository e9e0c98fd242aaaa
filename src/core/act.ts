/** What people do to deliveries and queues: who, when, why; and orders of many. */

/** Who did something, and why; both as the person gave them. */
export interface ActNote {
  readonly actor?: string;
  readonly reason?: string;
}

/** Something a person did: kept for good, apart from the deliveries it was done to. */
export interface Act extends ActNote {
  readonly at: number;
  /** `replay`, `retry`, `drop`, `pause`, `resume`, `payload` (somebody looked at one), … */
  readonly verb: string;
  /** A delivery id, or what else it was done to. */
  readonly subject: string;
  /** The order of many that it was part of. */
  readonly batch?: string;
  /** Of a drop: the delivery that did what had failed. */
  readonly by?: string;
}

/** An order of many deliveries, kept for whoever takes it up when the process that took it is gone. */
export interface KeptBatch {
  readonly id: string;
  readonly at: number;
  /** Whatever that process wrote. */
  readonly text: string;
}
