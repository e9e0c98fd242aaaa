/** All rows of the fault tests, in the order of their numbers. */

import { BACKUP_ROWS } from "./backup.ts";
import { CLOCK_ROWS } from "./clock.ts";
import { GATEWAY_ROWS } from "./gateways.ts";
import { POSTGRES_ROWS } from "./postgres.ts";
import { REDIS_ROWS } from "./redis.ts";
import type { Row } from "./row.ts";
import { SENDER_ROWS } from "./senders.ts";
import { SENTINEL_ROWS } from "./sentinel.ts";
import { STOPPING_ROWS } from "./stopping.ts";
import { TARGET_ROWS } from "./target.ts";
import { UPGRADE_ROWS } from "./upgrade.ts";

export const ROWS: readonly Row[] = [
  ...GATEWAY_ROWS,
  ...REDIS_ROWS,
  ...TARGET_ROWS,
  ...SENDER_ROWS,
  ...SENTINEL_ROWS,
  ...STOPPING_ROWS,
  ...CLOCK_ROWS,
  ...POSTGRES_ROWS,
  ...UPGRADE_ROWS,
  ...BACKUP_ROWS,
].sort((a, b) => a.number - b.number);
