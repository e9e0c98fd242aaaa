/** The queue on redis. */

import { queueContract } from "../contracts/queue.ts";
import { STORE_DRIVERS } from "../helpers/stores.ts";
import { openQueue } from "./open-queue.ts";

queueContract({ name: "redis", start: STORE_DRIVERS.redis, open: openQueue, recoveredWithin: 25_000 });
