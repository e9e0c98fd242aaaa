/** The admin port: health, metrics, the API of operators and its policies. */

export type { FoldedAct } from "./acts.ts";
export { createAdmin } from "./admin.ts";
export {
  type CheckReport,
  catalogCheck,
  type Distrusted,
  readiness,
  stoppingCheck,
  storeCheck,
  targetCheck,
  trustCheck,
} from "./checks.ts";
export { keepPruning } from "./prune.ts";
export { createRateMeter } from "./rate.ts";
export type { QueueReport } from "./services.ts";
