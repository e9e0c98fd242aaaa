/** All rows of the attack bench. */

import { manySecrets } from "./many-secrets.ts";
import type { AttackRow } from "./row.ts";

export const ATTACKS: readonly AttackRow[] = [manySecrets];
