/** All rows of the attack bench. */

import { expensiveDecisions } from "./expensive-decisions.ts";
import { fillStore } from "./fill-store.ts";
import { manySecrets } from "./many-secrets.ts";
import type { AttackRow } from "./row.ts";

export const ATTACKS: readonly AttackRow[] = [expensiveDecisions, fillStore, manySecrets];
