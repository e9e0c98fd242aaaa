/** Timestamps and durations as text, after Go's time package, and the fields of a moment in a time zone. */

import { printFixed } from "./go-float.ts";
import type { Duration, Timestamp } from "./values.ts";
import { duration, fail, timestamp } from "./values.ts";

const SECOND = 1_000_000_000n;

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,18}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

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
  return timestamp(BigInt(date.getTime() / 1000 - zone * 60) * SECOND + fraction, zone);
}

type Six = [number, number, number, number, number, number];

/** RFC 3339 in the zone that it was written in, with as many digits of the second as there are. */
export function printTimestamp(value: Timestamp): string {
  const { millis, rest } = split(value);
  const { offsetMinutes: offset } = value;
  const [date] = new Date(millis + offset * 60_000).toISOString().split(".") as [string];
  const fraction = String(rest).padStart(9, "0").replace(/0+$/, "");
  const two = (number: number): string => String(number).padStart(2, "0");
  const minutes = Math.abs(offset);
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return `${date}${fraction === "" ? "" : `.${fraction}`}${offset === 0 ? "Z" : zone}`;
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

/** Seconds, as cel-go prints a duration: `5400s`, `1.5s`. As a double, which has no nanoseconds beyond some months. */
export function printDuration({ nanos }: Duration): string {
  return `${printFixed(Number(nanos / SECOND) + Number(nanos % SECOND) / 1e9)}s`;
}

/**
 * A moment's fields in a time zone, in the UTC fields of a Date.
 *
 * @param zone `+05:30`, `-8:00`, or a name of the time zone database in its own spelling; undefined is UTC.
 * @throws CelFailure for an unknown zone.
 */
export function inZone(value: Timestamp, zone: string | undefined): Date {
  const { millis } = split(value);
  if (zone === undefined || zone === "" || zone === "UTC" || zone === "Local") return new Date(millis);
  const offset = /^([+-]?)(\d{1,4}):(\+?\d{1,4})$/.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date(millis + (offset[1] === "-" ? -minutes : minutes) * 60_000);
  }
  if (!ZONE.test(zone) || SHOUTED.test(zone)) return fail(`unknown time zone`);
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

/** Intl takes offsets, and names in any mixture of cases; Go looks for a file. */
const ZONE = /^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Z][A-Za-z0-9_+-]*)*$/;
/** No name of the database has more than four capitals in a row. */
const SHOUTED = /[A-Z]{5}/;

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const made = createFormatter(zone);
  // There are some 600 zones; not all mistakes in their cases are found out.
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
