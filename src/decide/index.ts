/** The decision: what every trigger makes of one delivery, in the request or in a worker. */

export { claimKey, claimsNow, createClaims, reopenable, restOf } from "./claims.ts";
export { decide } from "./decide.ts";
export { createDecideNow, type DecideNow } from "./in-request.ts";
export { createDecideLater } from "./in-worker.ts";
export { decidesAgain, hasFailed, nameOf, onlyFailed, openJobs } from "./open-work.ts";
export { createTurns, type Turns } from "./turns.ts";
