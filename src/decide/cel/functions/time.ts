/** Fields of timestamps and durations. */

import type { Overload } from "../functions.ts";
import { overload } from "../functions.ts";
import { inZone } from "../time.ts";
import type { Duration, Timestamp } from "../values.ts";

const DAY = 86_400_000;

/** Field → its value, from a Date whose UTC fields are those of the zone asked for. */
const FIELDS: Record<string, (date: Date) => number> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) => Math.floor((date.getTime() - new Date(date).setUTCMonth(0, 1)) / DAY),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

/** Whole units of a duration, in nanoseconds each. */
const UNITS: Record<string, bigint> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
  getMilliseconds: 1_000_000n,
};

export const time: readonly Overload[] = [
  ...Object.entries(FIELDS).flatMap(([name, field]) => [
    overload(name, "timestamp.() -> int", ({ work }, at: Timestamp) => {
      work.charge(20);
      return BigInt(field(inZone(at, undefined)));
    }),
    overload(name, "timestamp.(string) -> int", ({ work }, at: Timestamp, zone: string) => {
      // Finding a named zone's fields costs some 5 to 20 µs.
      work.charge(400);
      return BigInt(field(inZone(at, zone)));
    }),
  ]),
  ...Object.entries(UNITS).map(([name, unit]) =>
    overload(name, "duration.() -> int", ({ work }, value: Duration) => {
      work.charge(10);
      return value.nanos / unit;
    }),
  ),
];
