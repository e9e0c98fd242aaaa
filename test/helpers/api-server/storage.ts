/** What the test API server holds: objects by resource, namespace and name, one resource version for all, and a log of changes. */

import { randomInt, randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Kind } from "./kinds.ts";
import type { OpenWatch } from "./watch.ts";

export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
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
  oldest = 0;
  #version = 1;

  get version(): number {
    return this.#version;
  }

  find(kind: Kind, namespace: string, name: string): ApiObject | undefined {
    return this.#resources.get(resourceKey(kind))?.get(`${namespace}/${name}`);
  }

  /** Objects of a kind, sorted by namespace and name; all namespaces for undefined. */
  list(kind: Kind, namespace?: string): ApiObject[] {
    const all = [...(this.#resources.get(resourceKey(kind)) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    const objects = all.map(([, object]) => object);
    return namespace === undefined
      ? objects
      : objects.filter((object) => object.metadata.namespace === namespace);
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
      generation: 1,
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
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    return this.#store(kind, { ...object, metadata }, "MODIFIED");
  }

  remove(kind: Kind, object: ApiObject): void {
    this.#addedAt.delete(object.metadata.uid);
    this.#resources.get(resourceKey(kind))?.delete(keyOf(object));
    this.#forget(resourceKey(kind), object);
  }

  /** As after five minutes of etcd's time: watches and pages of before get 410 when they ask. */
  compact(): void {
    this.#version++;
    this.oldest = this.#version;
  }

  /** Removes everything inside a namespace. */
  empty(namespace: string): void {
    for (const [resource, objects] of this.#resources) {
      for (const [key, object] of objects) {
        if (object.metadata.namespace !== namespace) continue;
        objects.delete(key);
        this.#forget(resource, object);
      }
    }
  }

  /** Changes of one resource after a resource version. */
  changesSince(kind: Kind, version: number): Change[] {
    const resource = resourceKey(kind);
    return this.#changes.filter((change) => change.resource === resource && change.version > version);
  }

  #store(kind: Kind, object: ApiObject, type: Change["type"]): ApiObject {
    const resource = resourceKey(kind);
    const objects = this.#resources.get(resource) ?? new Map<string, ApiObject>();
    this.#resources.set(resource, objects.set(keyOf(object), object));
    this.#remember(type, resource, object);
    return object;
  }

  /** The version of a removal is that of the moment, not that of the last change. */
  #forget(resource: string, object: ApiObject): void {
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    this.#remember("DELETED", resource, { ...object, metadata });
  }

  #remember(type: Change["type"], resource: string, object: ApiObject): void {
    const change = { type, version: this.#version, resource, object };
    this.#changes.push(change);
    if (this.#changes.length > 2 * HISTORY) this.#changes.splice(0, HISTORY);
    this.events.emit("change", change);
  }
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
