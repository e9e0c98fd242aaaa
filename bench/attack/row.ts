/** What a row of the attack bench is: one attack on a real gateway, the figures it cost, and the bars they are held to. */

/** One figure against its bar. */
export interface Figure {
  /** What was measured, with its unit: `peak RSS, MiB`. */
  readonly what: string;
  readonly measured: number;
  /** The most that passes; a figure without a bar is shown only. */
  readonly atMost?: number;
}

export interface AttackRow {
  /** Short and unique: `many-secrets`. */
  readonly name: string;
  /** The attack, in one sentence. */
  readonly attack: string;
  /** Starts what it needs, attacks, measures, and ends what it started. */
  run(): Promise<readonly Figure[]>;
}

/** True where a figure keeps its bar. */
export const holds = ({ measured, atMost }: Figure): boolean => atMost === undefined || measured <= atMost;
