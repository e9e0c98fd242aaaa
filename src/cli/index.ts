/** The verbs, in the order in which help shows them. */

import { acts } from "./acts.ts";
import { audit } from "./audit.ts";
import { check } from "./check.ts";
import { dead } from "./dead.ts";
import { deliveries } from "./deliveries.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { ledger } from "./ledger.ts";
import { queue } from "./queue.ts";
import { replay } from "./replay.ts";
import { send } from "./send.ts";
import { serve } from "./serve.ts";
import { shadow } from "./shadow.ts";
import { showSettings } from "./show-settings.ts";
import { tryOut } from "./try.ts";
import type { Verb } from "./verb.ts";

export const VERBS: readonly Verb[] = [
  serve,
  check,
  tryOut,
  send,
  deliveries,
  replay,
  dead,
  queue,
  acts,
  audit,
  ledger,
  doctor,
  shadow,
  showSettings,
  demo,
];
