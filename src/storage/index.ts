/** Opens the place that holds ledger and queue: Redis, Postgres, or embedded SQLite. */

export { openStore } from "./open.ts";
export { judgeClock } from "./survey.ts";
export { parseStoreUrl, storeHosts } from "./url.ts";
