/** What a setting is declared as: one row, from which help, docs, reading and checks are made. */

import type { z } from "zod";

export interface Declaration<Type extends z.ZodType> {
  /** What follows the flag's name in help; none for a switch. */
  readonly value?: string;
  /** As a user would write it; read by `type` like anything else. Undefined: the setting may be absent. */
  readonly default: string | undefined;
  readonly type: Type;
  /** Completes "expected …" in faults. */
  readonly expected: string;
  readonly description: string;
  /** May hold a credential, or is one as a whole: masked in every output, never quoted in a fault. */
  readonly secret?: "part" | "whole";
  /** The value is a time in milliseconds; shown as a user would write it. */
  readonly time?: true;
  /** A variable of another project that is honoured too, after ours. */
  readonly alsoEnv?: string;
}

export const setting = <Type extends z.ZodType>(declaration: Declaration<Type>): Declaration<Type> =>
  declaration;
