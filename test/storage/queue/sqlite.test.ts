/** The queue on the embedded database. */

import { queueContract } from "../../contracts/queue.ts";
import { STORE_DRIVERS } from "../../helpers/stores.ts";
import { openQueue } from "./open-queue.ts";

queueContract({ name: "embedded", start: STORE_DRIVERS.embedded, open: openQueue, recoveredWithin: 10_000 });
