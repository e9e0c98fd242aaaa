/** Where an object as it was rendered here and one as it lives in a cluster differ. */

import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonObject, ownValue, printJson } from "../../core/json.ts";
import { LABELS } from "../../core/labels.ts";

export interface Difference {
  /** `spec.params[0].value`. */
  readonly path: string;
  /** As JSON; undefined where there is nothing. */
  readonly here: string | undefined;
  readonly there: string | undefined;
}

export interface Comparison {
  /** In the order of the object; at most as many as asked for. */
  readonly differences: readonly Difference[];
  /** Fields that only the living object has, taken for what the cluster added: defaults, status, its own labels. */
  readonly added: readonly string[];
}

/** Ids are chosen at random on both sides, so of two of them only the form is compared. */
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** What an API server writes of its own accord, and what is compared apart. */
const SERVER: ReadonlySet<string> = new Set([
  "status",
  ...["name", "namespace", "generateName", "uid", "resourceVersion", "generation"].map(inMetadata),
  ...["creationTimestamp", "managedFields", "finalizers"].map(inMetadata),
  pathOf("metadata.labels", LABELS.event),
]);

/**
 * Compares what was rendered with what lives. Every field of `here` must be there, and lists as long; fields that only
 * `there` has are reported apart, since a cluster fills in defaults.
 *
 * @param most differences after which the search ends.
 */
export function compareObjects(here: JsonObject, there: JsonObject, most = 20): Comparison {
  const differences: Difference[] = [];
  const added: string[] = [];

  function visit(a: JsonValue | undefined, b: JsonValue | undefined, path: string): void {
    if (differences.length >= most) return;
    if (isJsonObject(a) && isJsonObject(b)) {
      for (const [key, value] of Object.entries(a)) visit(value, ownValue(b, key), pathOf(path, key));
      for (const key of Object.keys(b)) {
        const inner = pathOf(path, key);
        if (!Object.hasOwn(a, key) && !SERVER.has(inner)) added.push(inner);
      }
    } else if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
      for (const [index, value] of a.entries()) visit(value, b[index], `${path}[${index}]`);
    } else if (!isSame(a, b)) differences.push({ path, here: printed(a), there: printed(b) });
  }

  const { apiVersion: _, metadata: own, ...rest } = here;
  const { apiVersion: _v, metadata: living, ...others } = there;
  visit(comparable(own, living), isJsonObject(living) ? living : {}, "metadata");
  visit(rest, others, "");
  return { differences, added };
}

/** The rendered metadata without what must differ (the delivery's id, a name that began as a generateName) and its place. */
function comparable(own: JsonValue | undefined, living: JsonValue | undefined): JsonObject {
  const { name, namespace: _n, labels, ...rest } = isJsonObject(own) ? own : {};
  const { [LABELS.event]: _, ...compared } = isJsonObject(labels) ? labels : {};
  const prefix = isJsonObject(living) ? living.generateName : undefined;
  const generated = typeof prefix === "string" && prefix !== "" && typeof name === "string";
  // A prefix that leaves no room for the ending is cut, here as there.
  const sameName = generated && (name.startsWith(prefix) || prefix.startsWith(name.slice(0, -10)));
  return { ...rest, labels: compared, ...(!sameName && name !== undefined && { name }) };
}

function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  // The server drops nulls.
  if (a === undefined || a === null) return b === undefined || b === null;
  if (b === undefined) return false;
  return leafOf(a) === leafOf(b);
}

/** A value as it is compared: two that are the same give the same text. */
export function leafOf(value: JsonValue): string {
  return typeof value === "string" ? `"${value.replace(UUID, "id")}` : printJson(value);
}

/** What of an object must be in every object that is the same: all but its names, its version and its status. */
export function ownParts(object: JsonObject): JsonObject {
  const { apiVersion: _, metadata, status: _s, ...rest } = object;
  const { name: _n, generateName: _g, ...compared } = comparable(metadata, undefined);
  return { ...rest, metadata: compared };
}

const printed = (value: JsonValue | undefined) => (value === undefined ? undefined : printJson(value));

function pathOf(path: string, key: string): string {
  const plain = /^[A-Za-z_][\w-]*$/.test(key);
  if (path === "") return plain ? key : JSON.stringify(key);
  return plain ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function inMetadata(field: string): string {
  return `metadata.${field}`;
}
