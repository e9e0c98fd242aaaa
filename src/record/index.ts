/** Facts become log lines, metrics and CloudEvents. */

export { createCloudEvents } from "./cloud-events.ts";
export { createLog } from "./log.ts";
export { createMetrics } from "./metrics.ts";
export { createRecorder } from "./recorder.ts";
