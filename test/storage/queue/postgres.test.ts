/** The queue on postgres. */

import { queueContract } from "../../contracts/queue.ts";
import { STORE_DRIVERS } from "../../helpers/stores.ts";
import { openQueue } from "./open-queue.ts";

queueContract({ name: "postgres", start: STORE_DRIVERS.postgres, open: openQueue, recoveredWithin: 25_000 });
