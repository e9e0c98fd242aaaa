/** All rows of the attack bench. */

import type { AttackRow } from "./row.ts";

export const ATTACKS: readonly AttackRow[] = [];
