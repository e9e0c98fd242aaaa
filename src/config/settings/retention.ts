/** How long deliveries are kept. */

import { setting } from "../declaration.ts";
import * as as from "../values.ts";

const TEN_YEARS = 3_650 * 86_400_000;

export const RETENTION = {
  retention: setting({
    value: "<time>",
    default: "14d",
    type: as.duration(60_000, TEN_YEARS),
    time: true,
    expected: "a time such as 14d or 36h, from 1m",
    description: "Time after its receipt at which a delivery is forgotten; pending ones never are.",
  }),
  retentionDead: setting({
    value: "<time>",
    default: "90d",
    type: as.duration(60_000, TEN_YEARS),
    time: true,
    expected: "a time such as 90d, from 1m",
    description:
      "The same for dead letters, which keep their bodies until then; --retention-bytes bounds what all take.",
  }),
  retentionPayload: setting({
    value: "<time>",
    default: "3d",
    type: as.duration(60_000, TEN_YEARS),
    time: true,
    expected: "a time such as 3d, from 1m",
    description:
      "Time after which a body is forgotten, and its delivery cannot be replayed any more. Dead letters keep theirs as long as they are kept themselves.",
  }),
  retentionCount: setting({
    value: "<deliveries>",
    default: undefined,
    type: as.whole(1, 1_000_000_000),
    expected: "a whole number from 1",
    description: "At most so many deliveries are kept; the oldest go first, dead letters last.",
  }),
  retentionBytes: setting({
    value: "<bytes>",
    default: undefined,
    type: as.bytes(1_048_576, 2 ** 50),
    expected: "bytes such as 512MB or 20GB, at least 1MB",
    description: "At most so many bytes of deliveries are kept; the oldest go first, dead letters last.",
  }),
  unprovedBytes: setting({
    value: "<bytes>",
    default: "1GB",
    type: as.bytes(1_048_576, 2 ** 50),
    expected: "bytes such as 64MB or 1GB, at least 1MB",
    description:
      "At most so many bytes of unproved deliveries are kept for each listener; more are answered 503 until retention lets some go.",
  }),
  storeBytes: setting({
    value: "<bytes>",
    default: undefined,
    type: as.bytes(1_048_576, 2 ** 50),
    expected: "bytes such as 512MB or 20GB, at least 1MB",
    description:
      "Bytes of deliveries that the store can hold, for --proved-reserve; of Redis its maxmemory counts, where it has one.",
  }),
  provedReserve: setting({
    value: "<percent>",
    default: "25",
    type: as.whole(0, 100),
    expected: "a whole number from 0 to 100",
    description:
      "Percent of the store's room (--store-bytes, maxmemory of Redis) that only proved deliveries may use; of an embedded store's disk 256 MiB are reserved.",
  }),
} as const;
