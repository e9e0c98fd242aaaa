/** The environment in which Tekton evaluates filters and overlays: its variables and every function they may call. */

import type { Environment } from "./check.ts";
import { conversions } from "./functions/conversions.ts";
import { encoders } from "./functions/encoders.ts";
import { format } from "./functions/format.ts";
import { lists } from "./functions/lists.ts";
import { math } from "./functions/math.ts";
import { operators } from "./functions/operators.ts";
import { strings } from "./functions/strings.ts";
import { tekton } from "./functions/tekton.ts";
import { time } from "./functions/time.ts";
import { library } from "./functions.ts";
import { JSON_MAP, STRING } from "./types.ts";

export const ENVIRONMENT: Environment = {
  variables: new Map([
    ["body", JSON_MAP],
    ["header", JSON_MAP],
    ["extensions", JSON_MAP],
    ["requestURL", STRING],
  ]),
  library: library(operators, conversions, strings, format, lists, math, encoders, time, tekton),
};
