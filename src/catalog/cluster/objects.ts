/** Objects of a cluster: taken one by one as they change, looked up by place; a broken one harms nothing but itself. */

import { isDeepStrictEqual } from "node:util";
import type { SluiceError } from "../../core/errors.ts";
import { compareBytewise } from "../../core/json.ts";
import type { EventListener, TektonObject, Trigger } from "../../core/tekton.ts";
import type { LocatedDeclarations } from "../declarations.ts";
import type { Entry } from "./entry.ts";

export type Kind = TektonObject["kind"];

/** An object that came, changed or went. */
export interface Arrival {
  readonly kind: Kind;
  /** "" for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
  /** Undefined: it is gone. */
  readonly entry: Entry | undefined;
}

export interface ClusterObjects {
  /** What is declared now: the same view at all times, of what changes behind it. */
  readonly declarations: LocatedDeclarations;
  /** @returns whether what is declared became another: a new status or a new manager of fields is no change. */
  take(arrival: Arrival): boolean;
  /** Of the objects that cannot be used. */
  faults(): readonly SluiceError[];
  count(): number;
}

/** @param refused why objects of a kind are not seen at all in a namespace, where that is so. */
export function createClusterObjects(
  refused: (kind: Kind, namespace: string) => SluiceError | undefined,
): ClusterObjects {
  const places = new Map<string, Map<string, Entry>>();
  const sorted = new Map<string, readonly TektonObject[]>();

  const placeOf = (kind: Kind, namespace: string): string => `${kind}/${namespace}`;

  const entryOf = (kind: Kind, namespace: string, name: string): Entry | undefined =>
    places.get(placeOf(kind, namespace))?.get(name);

  /** Objects of a kind in a namespace or in all of them; sorting thousands for each event would take too long. */
  function all(kind: Kind, namespace: string | "*"): readonly TektonObject[] {
    const key = placeOf(kind, namespace);
    const known = sorted.get(key);
    if (known !== undefined) return known;
    const objects = [...places]
      .filter(([place]) => (namespace === "*" ? place.startsWith(`${kind}/`) : place === key))
      .flatMap(([, entries]) => [...entries.values()])
      .flatMap(({ object }) => object ?? [])
      .map((object) => ({ object, place: `${object.metadata.namespace}/${object.metadata.name}` }))
      .sort((a, b) => compareBytewise(a.place, b.place))
      .map(({ object }) => object);
    sorted.set(key, objects);
    return objects;
  }

  const declarations: LocatedDeclarations = {
    get listeners() {
      return all("EventListener", "*") as readonly EventListener[];
    },
    find<K extends Kind>(kind: K, namespace: string, name: string) {
      return entryOf(kind, namespace, name)?.object as Extract<TektonObject, { kind: K }> | undefined;
    },
    names: (kind, namespace) =>
      [...(places.get(placeOf(kind, namespace))?.keys() ?? [])].sort(compareBytewise),
    triggers(namespaces) {
      const asked = namespaces === "*" ? ["*"] : namespaces;
      return asked.flatMap((namespace) => all("Trigger", namespace)) as readonly Trigger[];
    },
    fault: (kind, namespace, name) => entryOf(kind, namespace, name)?.fault ?? refused(kind, namespace),
  };

  return {
    declarations,
    take({ kind, namespace, name, entry }) {
      const place = placeOf(kind, namespace);
      const entries = places.get(place) ?? new Map<string, Entry>();
      const before = entries.get(name);
      if (isSame(before, entry)) return false;
      if (entry === undefined) entries.delete(name);
      else entries.set(name, entry);
      if (entries.size === 0) places.delete(place);
      else places.set(place, entries);
      sorted.delete(place);
      sorted.delete(placeOf(kind, "*"));
      return true;
    },
    faults: () =>
      [...places.values()].flatMap((entries) => [...entries.values()].flatMap(({ fault }) => fault ?? [])),
    count: () => [...places.values()].reduce((sum, entries) => sum + entries.size, 0),
  };
}

function isSame(before: Entry | undefined, after: Entry | undefined): boolean {
  if (before === undefined || after === undefined) return before === after;
  return before.fault?.message === after.fault?.message && isDeepStrictEqual(before.object, after.object);
}
