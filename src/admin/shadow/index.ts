/** Shadow mode: compares what this gateway would create with what another created. */

export { compareRuns, EDGE_MS, type Parity } from "./compare.ts";
export { readRun, type ShadowRun } from "./run.ts";
