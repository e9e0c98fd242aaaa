/** All rows of the attack bench. */

import { expensiveDecisions } from "./expensive-decisions.ts";
import { fillStore } from "./fill-store.ts";
import { jsonShapes } from "./json-shapes.ts";
import { manySecrets } from "./many-secrets.ts";
import type { AttackRow } from "./row.ts";
import { slowBodies } from "./slow-bodies.ts";

export const ATTACKS: readonly AttackRow[] = [
  expensiveDecisions,
  fillStore,
  jsonShapes,
  manySecrets,
  slowBodies,
];
