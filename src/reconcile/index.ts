/** Compares what was promised with what is stored, and queues again what a crash left behind. */

export { createAcknowledged } from "./acknowledged.ts";
export { auditStore } from "./audit.ts";
export { createWholeSweep, keepSweeping, type Sweeper } from "./sweep.ts";
