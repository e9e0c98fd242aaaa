/** Says of rendered objects which field no API server takes, and which CEL would make its value fit. */

import type { SluiceError } from "./errors.ts";
import { fault } from "./errors.ts";
import type { KubernetesObject } from "./job.ts";
import type { MetadataField } from "./object-metadata.ts";
import { reasonFor, refusedField, repairCalls } from "./object-metadata.ts";
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

/**
 * The first object that is refused for its metadata, by rules that every API server has. Nothing else is looked at: the
 * rest of an object is its kind's own affair.
 */
export function refusedObject(
  objects: readonly KubernetesObject[],
  rendered?: Rendered,
): RefusedObject | undefined {
  for (const [index, object] of objects.entries()) {
    const field = refusedField(object);
    if (field !== undefined) return { index, error: refusal(object, field, index, rendered) };
  }
  return undefined;
}

function refusal(
  { kind }: KubernetesObject,
  { path, value, rule, isKey }: NonNullable<ReturnType<typeof refusedField>>,
  index: number,
  rendered: Rendered | undefined,
): SluiceError {
  const [root = "", key = "", inner] = path;
  const field = inner === undefined ? `${root}.${key}` : `${root}.${key}[${quoted(inner)}]`;
  const reason = reasonFor(value, rule);
  const repair = isKey || rendered === undefined ? "" : repairFor({ path, value, rule }, index, rendered);
  return fault("SLUICE_METADATA_INVALID", {
    field: isKey ? `key ${field}` : field,
    kind,
    value: quoted(value),
    reason,
    repair,
  });
}

/** The overlay that repairs the param to blame: the one with a sign that does not fit, or the longest. */
function repairFor(
  { path, value, rule }: Pick<MetadataField, "path" | "rule"> & { readonly value: string },
  index: number,
  { params, origin }: Rendered,
): string {
  const used = (origin?.(index, path) ?? []).map((one) => ({ ...one, text: params.get(one.param) ?? "" }));
  const unfit = used.filter(({ text }) => new RegExp(`[^${rule.allowed}]`, "u").test(text));
  const longest = used.toSorted((a, b) => b.text.length - a.text.length);
  const [blamed] = unfit.length > 0 ? unfit : longest;
  if (blamed === undefined) return "";
  const { param, text } = blamed;
  const room = value.length > rule.max ? Math.max(rule.max - (value.length - text.length), 0) : rule.max;
  if (room === 0) return `; the text around $(tt.params.${param}) alone leaves it no room`;
  const calls = repairCalls(text, rule, room);
  if (calls === "") return "";
  const source = celOf(blamed.value);
  if (source === undefined) return `; let CEL make param ${param} fit: append ${calls} to what computes it`;
  const [, overlay] = /^extensions\.([\w.]+)$/.exec(source) ?? [];
  if (overlay !== undefined) return `; append ${calls} to the expression of overlay ${overlay}`;
  return `; add the overlay {key: ${param}, expression: "${source}${calls}"} and bind ${param} to $(extensions.${param})`;
}

/** A binding's value as a CEL expression, where it is one plain path. */
export function celOf(value: string | undefined): string | undefined {
  const [, path] = /^\$\(([^()]+)\)$/.exec(value?.trim() ?? "") ?? [];
  if (path === undefined) return undefined;
  const [, header] = /^header\.([\w-]+)$/.exec(path) ?? [];
  if (header !== undefined) return `header.canonical('${header}')`;
  return /^(?:body|extensions)(?:\.[A-Za-z_]\w*|\[\d+\]|\['[^'"\\]+'\])+$/.test(path) ? path : undefined;
}
