/** Which version of each object is known, so that events which come twice, late or out of order change nothing. */

import type { Found } from "./collection.ts";

export type Place = Pick<Found, "namespace" | "name">;

export interface Versions {
  /** Takes a list as the truth. @returns the places of what was known and is not in it. */
  replace(found: Iterable<readonly [key: string, resourceVersion: string]>): readonly Place[];
  has(found: Found): boolean;
  /** @returns whether this is news; the version is known from now on. */
  changed(found: Found): boolean;
  /** @returns whether this is news. */
  gone(found: Found): boolean;
}

/** Removals that are remembered, against events of before that come after. */
const MAX_GONE = 1_000;

export function createVersions(): Versions {
  let known = new Map<string, string>();
  const removed = new Map<string, string>();

  return {
    replace(found) {
      const before = known;
      known = new Map(found);
      removed.clear();
      return [...before.keys()].filter((key) => !known.has(key)).map(placeOf);
    },
    has: (found) => known.get(keyOf(found)) === found.resourceVersion,
    changed(found) {
      const key = keyOf(found);
      const { resourceVersion } = found;
      const old = known.get(key) ?? removed.get(key);
      if (old !== undefined && !isNewer(resourceVersion, old)) return false;
      known.set(key, resourceVersion);
      removed.delete(key);
      return true;
    },
    gone(found) {
      const key = keyOf(found);
      const { resourceVersion } = found;
      const old = known.get(key);
      if (old === undefined || isNewer(old, resourceVersion)) return false;
      known.delete(key);
      removed.set(key, resourceVersion);
      for (const oldest of removed.keys()) {
        if (removed.size <= MAX_GONE) break;
        removed.delete(oldest);
      }
      return true;
    },
  };
}

export function keyOf({ namespace, name }: Place): string {
  return `${namespace}/${name}`;
}

function placeOf(key: string): Place {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/**
 * Resource versions are numbers that grow in every API server since 1.35, which promises it, and in those on etcd
 * before. Of what is no number, whatever comes later is newer, unless it is the same.
 */
export function isNewer(a: string, b: string): boolean {
  if (!isNumber(a) || !isNumber(b)) return a !== b;
  return a.length === b.length ? a > b : a.length > b.length;
}

function isNumber(version: string): boolean {
  return /^[1-9]\d*$/.test(version);
}
