/** Timestamps and durations as text, after Go's time package, and the fields of a moment in a time zone. */

import type { Duration, Timestamp } from "./values.ts";
import { duration, fail, timestamp } from "./values.ts";

const SECOND = 1_000_000_000n;

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,18}))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** Reads RFC 3339. @throws CelFailure for anything else, and for dates that do not exist. */
export function parseTimestamp(text: string): Timestamp {
  const match = RFC3339.exec(text);
  if (match === null) return fail(`invalid timestamp`);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Six;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const exists =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!exists) return fail(`invalid timestamp: out of range`);
  const fraction = BigInt((match[7] ?? "").padEnd(9, "0").slice(0, 9));
  const zone = (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)) * (match[8] === "-" ? -1 : 1);
  return timestamp(BigInt(date.getTime() / 1000 - zone * 60) * SECOND + fraction);
}

type Six = [number, number, number, number, number, number];

/** RFC 3339 in UTC, with as many digits of the second as there are. */
export function printTimestamp(value: Timestamp): string {
  const { millis, rest } = split(value);
  const [date] = new Date(millis).toISOString().split(".") as [string];
  const fraction = String(rest).padStart(9, "0").replace(/0+$/, "");
  return `${date}${fraction === "" ? "" : `.${fraction}`}Z`;
}

const UNITS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3_600n * SECOND,
};

/** Go's time.ParseDuration: `1h30m`, `-1.5s`, `0`. @throws CelFailure. */
export function parseDuration(text: string): Duration {
  const invalid = () => fail(`invalid duration`);
  if (text.length > 128) return invalid();
  const negative = text.startsWith("-");
  const rest = text.replace(/^[+-]/, "");
  if (rest === "0") return duration(0n);
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return invalid();
  let nanos = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of rest.matchAll(
    /(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g,
  )) {
    const size = UNITS[unit] as bigint;
    nanos += BigInt(whole || "0") * size + (BigInt(fraction || "0") * size) / 10n ** BigInt(fraction.length);
  }
  return duration(negative ? -nanos : nanos);
}

/** Seconds, as cel-go prints a duration: `5400s`, `1.5s`. */
export function printDuration(value: Duration): string {
  const magnitude = value.nanos < 0n ? -value.nanos : value.nanos;
  const fraction = String(magnitude % SECOND)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const sign = value.nanos < 0n ? "-" : "";
  return `${sign}${magnitude / SECOND}${fraction === "" ? "" : `.${fraction}`}s`;
}

/**
 * A moment's fields in a time zone, in the UTC fields of a Date.
 *
 * @param zone `+05:30`, `-8:00`, or a name of the time zone database; undefined is UTC.
 * @throws CelFailure for an unknown zone.
 */
export function inZone(value: Timestamp, zone: string | undefined): Date {
  const { millis } = split(value);
  if (zone === undefined || zone === "" || zone === "UTC") return new Date(millis);
  const offset = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date(millis + (offset[1] === "-" ? -minutes : minutes) * 60_000);
  }
  const parts = new Map(
    formatter(zone)
      .formatToParts(millis)
      .map((part) => [part.type, part.value]),
  );
  const field = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name));
  const local = new Date(0);
  local.setUTCFullYear(field("year"), field("month") - 1, field("day"));
  local.setUTCHours(field("hour"), field("minute"), field("second"), ((millis % 1000) + 1000) % 1000);
  return local;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const made = createFormatter(zone);
  // There are some 600 zones, in any mixture of cases.
  if (formatters.size >= 1_000) formatters.clear();
  formatters.set(zone, made);
  return made;
}

function createFormatter(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US-u-ca-iso8601", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    return fail(`unknown time zone`);
  }
}

/** Whole milliseconds since the epoch, rounded down, and the nanoseconds of the second. */
function split(value: Timestamp): { readonly millis: number; readonly rest: bigint } {
  const rest = ((value.nanos % SECOND) + SECOND) % SECOND;
  const seconds = (value.nanos - rest) / SECOND;
  return { millis: Number(seconds * 1000n + rest / 1_000_000n), rest };
}
