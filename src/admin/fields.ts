/** What callers may write: each field says what is expected, how it is read, and how OpenAPI describes it. */

import type { SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { isJsonObject } from "../core/json.ts";

export interface Field<T> {
  /** Completes a sentence of the document and of the command line's help. */
  readonly description: string;
  /** JSON Schema of the value in a body; queries have its text. */
  readonly schema: JsonObject;
  /** @throws SluiceError SLUICE_REQUEST_INVALID. */
  read(value: unknown, field: string): T;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Read<F extends Fields> = {
  readonly [K in keyof F]?: F[K] extends Field<infer T> ? T : never;
};

export const invalid = (field: string, reason: string, expected: string): SluiceError =>
  fault("SLUICE_REQUEST_INVALID", { field: field.slice(0, 64), reason, expected });

/**
 * Reads a query or a body: every field by its reader, unknown names refused.
 *
 * @param given a query as the HTTP server parsed it (a name given twice has a list of values), or a body; absent is empty.
 * @throws SluiceError SLUICE_REQUEST_INVALID.
 */
export function readFields<F extends Fields>(fields: F, given: unknown): Read<F> {
  if (given === undefined || given === null) return {};
  if (!isJsonObject(given)) throw invalid("body", "is no object", `an object with ${known(fields)}`);
  const read: [string, unknown][] = [];
  for (const [name, value] of Object.entries(given)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) throw invalid(name, "is not known here", known(fields));
    read.push([name, field.read(value, name)]);
  }
  return Object.fromEntries(read) as Read<F>;
}

const known = (fields: Fields): string => Object.keys(fields).join(", ") || "nothing";

const MAX_TEXT = 500;
/** Characters of a wrong value that a fault shows. */
const SHOWN = 80;

/** A field that is one line of text in a query, and text or a number in a body. */
export function scalar<T>(
  description: string,
  expected: string,
  schema: JsonObject,
  parse: (text: string) => T | undefined,
): Field<T> {
  return {
    description,
    schema,
    read(value, field) {
      if (Array.isArray(value)) throw invalid(field, "is given twice", "it once");
      // A body writes numbers and switches as such, a query as text.
      const bare = typeof value === "number" || typeof value === "boolean";
      const text = bare && schema["type"] !== "string" ? String(value) : value;
      if (typeof text !== "string") throw invalid(field, "is no text", expected);
      if (text === "" || text.length > MAX_TEXT)
        throw invalid(field, `is ${text.length} characters long`, `1 to ${MAX_TEXT} characters`);
      const found = parse(text);
      if (found === undefined) throw invalid(field, `is ${JSON.stringify(text.slice(0, SHOWN))}`, expected);
      return found;
    },
  };
}

/** Text of 1 to 500 characters, of which at least `least`. */
export function words(description: string, least = 1): Field<string> {
  const schema = { type: "string", minLength: least, maxLength: MAX_TEXT };
  const expected = `${least} to ${MAX_TEXT} characters`;
  return scalar(description, expected, schema, (text) => (text.length < least ? undefined : text));
}

/** The name of an object as lists and records print it: `name` or `namespace/name`. */
export function objectName(description: string): Field<string> {
  const schema = { type: "string", minLength: 1, maxLength: MAX_TEXT };
  return scalar(`${description}: name or namespace/name`, "name or namespace/name", schema, (text) =>
    /^[^/]+(\/[^/]+)?$/.test(text) ? text : undefined,
  );
}

export function oneOf<const T extends string>(description: string, values: readonly T[]): Field<T> {
  const schema = { type: "string", enum: values };
  return scalar(description, values.join(", "), schema, (text) => values.find((one) => one === text));
}

export function whole(description: string, min: number, max: number): Field<number> {
  const schema = { type: "integer", minimum: min, maximum: max };
  return scalar(description, `a whole number from ${min} to ${max}`, schema, (text) => {
    const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return count >= min && count <= max ? count : undefined;
  });
}

export function flag(description: string): Field<boolean> {
  return scalar(description, "true or false", { type: "boolean" }, (text) =>
    text === "true" ? true : text === "false" ? false : undefined,
  );
}

const isoTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A moment: milliseconds since 1970, an ISO time, or how long ago: `90m`, `24h`, `7d`. */
export function time(description: string, clock: () => number = Date.now): Field<number> {
  const expected =
    "milliseconds since 1970, 2026-01-31, 2026-01-31T12:00:00Z, or an age such as 90m, 24h, 7d";
  const schema = { oneOf: [{ type: "integer", minimum: 0 }, { type: "string" }] };
  return scalar(description, expected, schema, (text) => {
    const age = /^(\d{1,6})([mhd])$/.exec(text);
    if (age !== null) return clock() - Number(age[1]) * UNIT_MS[age[2] as keyof typeof UNIT_MS];
    const at = /^\d{1,15}$/.test(text) ? Number(text) : isoTime.test(text) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(at) || !isDay(text) ? undefined : at;
  });
}

/** False for a day that no calendar has: `Date.parse` makes March the 2nd of February the 30th. */
function isDay(text: string): boolean {
  const day = text.slice(0, 10);
  return !isoTime.test(text) || new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/** A list of ids. */
export function ids(description: string, most: number): Field<readonly string[]> {
  const schema = { type: "array", items: { type: "string" }, minItems: 1, maxItems: most };
  return {
    description,
    schema,
    read(value, field) {
      const list = Array.isArray(value) ? (value as readonly unknown[]) : [];
      if (list.length < 1 || list.length > most || !list.every((one): one is string => isId(one)))
        throw invalid(field, "is no list of ids", `1 to ${most} ids`);
      return [...new Set(list)];
    },
  };
}

/** True for what can be an id at all. */
export const isId = (text: unknown): boolean => typeof text === "string" && /^[0-9A-Za-z-]{1,64}$/.test(text);

/** Fields within a field. */
export function nested<F extends Fields>(description: string, fields: F): Field<Read<F>> {
  return {
    description,
    schema: bodySchema(fields),
    read(value, field) {
      if (!isJsonObject(value)) throw invalid(field, "is no object", `an object with ${known(fields)}`);
      return readFields(fields, value);
    },
  };
}

/** JSON Schema of a body of these fields. */
export function bodySchema(fields: Fields, required: readonly string[] = []): JsonObject {
  const properties = Object.entries(fields).map(([name, { schema, description }]) => {
    return [name, { ...schema, description }] as const;
  });
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}
