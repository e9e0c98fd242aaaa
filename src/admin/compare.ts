/** What would differ if a delivery were decided now: decisions by trigger, and the objects that they make. */

import type { Decision } from "../core/decision.ts";
import { type ObjectName, sameName } from "../core/delivery.ts";
import type { KubernetesObject } from "../core/job.ts";
import type { JsonValue } from "../core/json.ts";
import { isJsonObject, ownValue, printJson } from "../core/json.ts";
import type { DeliveryRecord } from "../core/ledger.ts";

export interface Difference {
  readonly trigger: ObjectName;
  /** Result and reason; absent where the trigger was not asked then, or is not asked now. */
  readonly before?: string;
  readonly now?: string;
  readonly objects: readonly ObjectDifference[];
}

export interface ObjectDifference {
  /** `Kind namespace/name`. */
  readonly object: string;
  readonly change: "added" | "removed" | "changed";
  /** Paths of what changed, at most 20. */
  readonly fields: readonly string[];
}

/** What one trigger made of a delivery at one time. */
interface Made {
  readonly trigger: ObjectName;
  readonly said: string;
  readonly objects: readonly KubernetesObject[];
}

const MOST_FIELDS = 20;

/**
 * Compares the first decisions of a delivery with those of now, which were made under the same id.
 *
 * @param trigger `name` or `namespace/name`: leaves out every other.
 * @returns a row for each trigger whose decision or objects differ; empty when nothing does.
 */
export function compare(
  record: Pick<DeliveryRecord, "decisions" | "jobs">,
  now: readonly Decision[],
  trigger?: string,
): readonly Difference[] {
  const then = numbered(
    record.decisions.filter((decision) => trigger === undefined || isNamed(decision.trigger, trigger)),
    ({ trigger, result }) =>
      result === "matched"
        ? (record.jobs.find(({ job }) => sameName(job.trigger, trigger))?.job.objects ?? [])
        : [],
  );
  const again = numbered(now, ({ job }) => job?.objects ?? []);
  return [...new Set([...then.keys(), ...again.keys()])].flatMap((key) => {
    const [before, after] = [then.get(key), again.get(key)];
    const objects = compareObjects(before?.objects ?? [], after?.objects ?? []);
    if (before?.said === after?.said && objects.length === 0) return [];
    const trigger = (before ?? after)?.trigger ?? { namespace: "", name: "" };
    return [{ trigger, ...(before && { before: before.said }), ...(after && { now: after.said }), objects }];
  });
}

const isNamed = ({ namespace, name }: ObjectName, wanted: string): boolean =>
  wanted === name || wanted === `${namespace}/${name}`;

/** By trigger; several of one name (inline ones need none) by their order. */
function numbered<D extends Omit<Decision, "job">>(
  decisions: readonly D[],
  objectsOf: (decision: D) => readonly KubernetesObject[],
): ReadonlyMap<string, Made> {
  const found = new Map<string, Made>();
  for (const decision of decisions) {
    const { trigger, result, reason } = decision;
    let key = `${trigger.namespace}/${trigger.name}`;
    while (found.has(key)) key += "'";
    found.set(key, { trigger, said: `${result}: ${reason}`, objects: objectsOf(decision) });
  }
  return found;
}

function compareObjects(
  before: readonly KubernetesObject[],
  now: readonly KubernetesObject[],
): readonly ObjectDifference[] {
  const [then, again] = [byName(before), byName(now)];
  return [...new Set([...then.keys(), ...again.keys()])].flatMap((object): ObjectDifference[] => {
    const [one, other] = [then.get(object), again.get(object)];
    if (one === undefined) return [{ object, change: "added", fields: [] }];
    if (other === undefined) return [{ object, change: "removed", fields: [] }];
    const fields = [...differingPaths(one, other, "")].slice(0, MOST_FIELDS);
    return fields.length === 0 ? [] : [{ object, change: "changed", fields }];
  });
}

function byName(objects: readonly KubernetesObject[]): ReadonlyMap<string, KubernetesObject> {
  return new Map(
    objects.map((object) => [
      `${object.kind} ${object.metadata.namespace ?? ""}/${object.metadata.name}`,
      object,
    ]),
  );
}

function* differingPaths(
  a: JsonValue | undefined,
  b: JsonValue | undefined,
  path: string,
): Generator<string> {
  if (isJsonObject(a) && isJsonObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
      yield* differingPaths(ownValue(a, key), ownValue(b, key), path === "" ? key : `${path}.${key}`);
  } else if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.max(a.length, b.length); i++) yield* differingPaths(a[i], b[i], `${path}[${i}]`);
  } else if (a === undefined || b === undefined || printJson(a) !== printJson(b)) yield path;
}
