/** What the test API server holds: objects by resource, namespace and name, one resource version for all, and a log of changes. */

import { randomInt, randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { isDeepStrictEqual } from "node:util";
import type { Kind } from "./kinds.ts";
import { isCustom } from "./kinds.ts";
import type { OpenWatch } from "./watch.ts";

export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  /** Set once the object is to go, and something holds it. */
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  [other: string]: unknown;
}

/** Any object, as its JSON. */
export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [other: string]: unknown;
}

export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly version: number;
  readonly resource: string;
  readonly object: ApiObject;
  /** What was there before; undefined for what came. */
  readonly before: ApiObject | undefined;
}

/** Changes kept for watches that start in the past. */
const HISTORY = 10_000;

export class Storage {
  readonly #resources = new Map<string, Map<string, ApiObject>>();
  readonly #changes: Change[] = [];
  readonly #addedAt = new Map<string | undefined, number>();
  /** Emits `change` with each {@link Change}. */
  readonly events = new EventEmitter().setMaxListeners(0);
  /** Watches that are open now. */
  readonly watches = new Set<OpenWatch>();
  /** What happened before this version is forgotten. */
  oldest = 2;
  #version = 2;

  get version(): number {
    return this.#version;
  }

  find(kind: Kind, namespace: string, name: string): ApiObject | undefined {
    return this.#resources.get(resourceKey(kind))?.get(`${namespace}/${name}`);
  }

  /** Objects of a kind, sorted by namespace and name; all namespaces for undefined. */
  list(kind: Kind, namespace?: string): ApiObject[] {
    return sorted(this.#resources.get(resourceKey(kind)) ?? new Map(), namespace);
  }

  /** As {@link list}, at a version of before: what happened since is undone. */
  listAt(kind: Kind, namespace: string | undefined, version: number): ApiObject[] {
    const objects = new Map(this.#resources.get(resourceKey(kind)));
    for (const { object, before } of this.changesSince(kind, version).reverse()) {
      if (before === undefined) objects.delete(keyOf(object));
      else objects.set(keyOf(before), before);
    }
    return sorted(objects, namespace);
  }

  /** Every object, in the order of creation. */
  all(): ApiObject[] {
    return [...this.#resources.values()].flatMap((objects) => [...objects.values()]);
  }

  add(kind: Kind, object: ApiObject): ApiObject {
    const metadata: ObjectMeta = {
      ...object.metadata,
      uid: randomUUID(),
      resourceVersion: String(++this.#version),
      ...(isCustom(kind) && { generation: 1 }),
      creationTimestamp: new Date().toISOString().replace(/\.\d+/, ""),
    };
    this.#addedAt.set(metadata.uid, Date.now());
    return this.#store(kind, { ...object, metadata }, "ADDED");
  }

  /** When an object was added, milliseconds since the epoch: creationTimestamp knows whole seconds only. */
  addedAt(object: ApiObject): number {
    return this.#addedAt.get(object.metadata.uid) ?? 0;
  }

  replace(kind: Kind, object: ApiObject): ApiObject {
    const metadata: ObjectMeta = { ...object.metadata, resourceVersion: String(++this.#version) };
    const { generation } = metadata;
    const before = this.#resources.get(resourceKey(kind))?.get(keyOf(object));
    if (
      generation !== undefined &&
      before !== undefined &&
      !isDeepStrictEqual(wanted(before), wanted(object))
    )
      metadata.generation = generation + 1;
    return this.#store(kind, { ...object, metadata }, "MODIFIED");
  }

  /** The version of a removal is that of the moment, not that of the last change. */
  remove(kind: Kind, object: ApiObject): void {
    const resource = resourceKey(kind);
    this.#addedAt.delete(object.metadata.uid);
    this.#resources.get(resource)?.delete(keyOf(object));
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    this.#remember("DELETED", resource, { ...object, metadata }, object);
  }

  /** As after five minutes of etcd's time: watches and pages of before get 410 when they ask. */
  compact(): void {
    this.#version++;
    this.oldest = this.#version;
  }

  /** Everything inside a namespace. */
  inside(namespace: string): ApiObject[] {
    return this.all().filter(({ metadata }) => metadata.namespace === namespace);
  }

  /** Changes of one resource after a resource version. */
  changesSince(kind: Kind, version: number): Change[] {
    const resource = resourceKey(kind);
    return this.#changes.filter((change) => change.resource === resource && change.version > version);
  }

  #store(kind: Kind, object: ApiObject, type: Change["type"]): ApiObject {
    const resource = resourceKey(kind);
    const objects = this.#resources.get(resource) ?? new Map<string, ApiObject>();
    const before = objects.get(keyOf(object));
    this.#resources.set(resource, objects.set(keyOf(object), object));
    this.#remember(type, resource, object, before);
    return object;
  }

  #remember(type: Change["type"], resource: string, object: ApiObject, before?: ApiObject): void {
    const change = { type, version: this.#version, resource, object, before };
    this.#changes.push(change);
    if (this.#changes.length > 2 * HISTORY) {
      const dropped = this.#changes.splice(0, HISTORY);
      this.oldest = Math.max(this.oldest, dropped.at(-1)?.version ?? 0);
    }
    this.events.emit("change", change);
  }
}

function sorted(objects: ReadonlyMap<string, ApiObject>, namespace: string | undefined): ApiObject[] {
  const all = [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
}

/** What an object is to be: a change of it makes a new generation. */
function wanted({ metadata: _, status: _s, ...rest }: ApiObject): object {
  return rest;
}

export function resourceKey(kind: Kind): string {
  return `${kind.group}/${kind.plural}`;
}

function keyOf(object: ApiObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

/** What the API server hangs on a generateName (k8s.io/apiserver/pkg/storage/names): five signs without vowels. */
export function generatedName(base: string): string {
  const signs = "bcdfghjklmnpqrstvwxz2456789";
  let name = base.slice(0, 58);
  for (let i = 0; i < 5; i++) name += signs[randomInt(signs.length)];
  return name;
}
