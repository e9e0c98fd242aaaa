/** Says of rendered objects which fields no API server takes, and which CEL would make their values fit. */

import type { SluiceError } from "./errors.ts";
import { fault } from "./errors.ts";
import type { KubernetesObject } from "./job.ts";
import { overlayFor, repairCalls } from "./metadata-cure.ts";
import { kindShown, type MetadataRule, type RefusedField, refusedFields } from "./object-metadata.ts";
import type { FieldOrigin, Params } from "./plan.ts";
import { quoted } from "./quoted.ts";

export interface RefusedObject {
  /** Its position among the objects, from 0. */
  readonly index: number;
  readonly error: SluiceError;
}

/** What the values of an object's fields were made of, where that is known. */
export interface Rendered {
  readonly params: Params;
  readonly origin?: FieldOrigin | undefined;
}

/** Fields that are told of one object. */
const MOST_FIELDS = 10;

/**
 * The first object that is refused for its metadata, by rules that every API server has. Nothing else is looked at: the
 * rest of an object is its kind's own affair. All its fields are told at once.
 */
export function refusedObject(
  objects: readonly KubernetesObject[],
  rendered?: Rendered,
): RefusedObject | undefined {
  for (const [index, object] of objects.entries()) {
    const fields = refusedFields(object);
    if (fields.length > 0) return { index, error: refusal(object, fields, index, rendered) };
  }
  return undefined;
}

function refusal(
  { kind }: KubernetesObject,
  fields: readonly RefusedField[],
  index: number,
  rendered: Rendered | undefined,
): SluiceError {
  const [first, ...others] = fields.slice(0, MOST_FIELDS).map((field) => ({
    ...{ field: fieldOf(field), reason: field.reason },
    value: typeof field.value === "string" ? quoted(field.value) : kindShown(field.value),
  }));
  const more = fields.length - MOST_FIELDS;
  const cures = rendered === undefined ? [] : repairs(fields, index, rendered);
  const repair = [
    ...others.map(({ field, value, reason }) => `; ${field}: ${value} ${reason}`),
    ...(more > 0 ? [`; and ${more} more fields`] : []),
    ...cures.map((cure) => `; ${cure}`),
  ].join("");
  return fault("SLUICE_METADATA_INVALID", { kind, repair, ...(first as NonNullable<typeof first>) });
}

function fieldOf({ path: [root = "", key = "", inner], isKey }: RefusedField): string {
  const field = inner === undefined ? `${root}.${key}` : `${root}.${key}[${quoted(inner)}]`;
  return isKey ? `key ${field}` : field;
}

/** What is to be done with the value of a param. */
interface Blamed {
  readonly rule: MetadataRule;
  readonly room: number | undefined;
  readonly value: string | undefined;
  readonly text: string;
}

/** Cures of the params to blame, each told once: where it stands in a name and in a label, by the name's rule. */
function repairs(
  fields: readonly RefusedField[],
  index: number,
  { params, origin }: Rendered,
): readonly string[] {
  const blamed = new Map<string, Blamed>();
  const cures = new Set<string>();
  for (const { path, value, rule, isKey } of fields) {
    if (isKey || typeof value !== "string") continue;
    const used = (origin?.(index, path) ?? []).map((one) => ({ ...one, text: params.get(one.param) ?? "" }));
    if (used.length === 0) continue;
    const literal = value.length - used.reduce((sum, { text }) => sum + text.length, 0);
    const room = literal < 0 ? undefined : Math.floor((rule.max - literal) / used.length);
    if (room !== undefined && room <= 0) {
      const variables = [...new Set(used.map(({ param }) => `$(tt.params.${param})`))].join(" and ");
      cures.add(`the text around ${variables} alone leaves no room`);
      continue;
    }
    for (const { param, value: bound, text } of used.filter(({ text }) => !fitsBeside(text, rule, room))) {
      const known = blamed.get(param);
      const stricter = known === undefined || rule.lowerCase || !known.rule.lowerCase ? rule : known.rule;
      const least = Math.min(room ?? Number.POSITIVE_INFINITY, known?.room ?? Number.POSITIVE_INFINITY);
      const rest = { value: bound, text, room: Number.isFinite(least) ? least : undefined };
      blamed.set(param, { rule: stricter, ...rest });
    }
  }
  for (const [param, one] of blamed) cures.add(cureOf(param, one));
  return [...cures];
}

/** Whether a text can stand in the field, with others around it. */
function fitsBeside(text: string, rule: MetadataRule, room: number | undefined): boolean {
  const fits = new RegExp(`^(?:[A-Za-z0-9](?:[${rule.allowed}]*[A-Za-z0-9])?)?$`, "u").test(text);
  return fits && (rule.lowerCase ? rule.test(text) : true) && text.length <= (room ?? text.length);
}

function cureOf(param: string, { rule, room, value, text }: Blamed): string {
  const kind = structureOf(text);
  if (kind !== undefined)
    return `the value of param ${param} is ${kind}: let its binding name one text of it`;
  const isNumber = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text);
  return overlayFor({ param, value, calls: repairCalls(rule, room), isNumber });
}

/** Characters of a text that are parsed to tell what it is. */
const LONGEST_PARSED = 65_536;

/** What a text is that a binding made of a value that is none. */
function structureOf(text: string): "a list" | "an object" | undefined {
  if (!/^[[{]/.test(text) || text.length > LONGEST_PARSED) return undefined;
  try {
    return Array.isArray(JSON.parse(text)) ? "a list" : "an object";
  } catch {
    return undefined;
  }
}
