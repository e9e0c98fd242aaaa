/** The way in: accept, persist, reject, replay. */

export { createAccept, withoutProof } from "./accept.ts";
export { createRefusals, type Refusals } from "./refusals.ts";
export { refuseNoJson, refuseUnproved } from "./reject.ts";
export { onlyTrigger } from "./replay-source.ts";
export { unprovedLimitsOf } from "./unproved.ts";
