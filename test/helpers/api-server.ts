/** A Kubernetes API server for tests: real HTTPS, tokens, discovery and Status bodies, objects in memory, faults on demand. */

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { Server } from "node:https";
import { selfSignedCertificate } from "./api-server/certificate.ts";
import { createControl } from "./api-server/control.ts";
import type { Fault } from "./api-server/faults.ts";
import { Faults } from "./api-server/faults.ts";
import type { Kind } from "./api-server/kinds.ts";
import { DEFAULT_KINDS, KindRegistry } from "./api-server/kinds.ts";
import { kubeconfigYaml } from "./api-server/kubeconfig.ts";
import type { LoggedRequest } from "./api-server/server.ts";
import { listen, portOf, SUPERUSER } from "./api-server/server.ts";
import type { ApiObject } from "./api-server/storage.ts";
import { Storage } from "./api-server/storage.ts";
import type { OpenWatch } from "./api-server/watch.ts";

export type { ApiObject, Fault, Kind, LoggedRequest, OpenWatch };

export interface ApiServerOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Exist from the start, next to default and kube-system. */
  readonly namespaces?: readonly string[];
  /** Kinds on top of the default ones. */
  readonly kinds?: readonly Kind[];
  /** More bearer tokens, and whose they are. */
  readonly users?: ReadonlyMap<string, string>;
  /** True: RBAC objects on the server say who may do what; `sluice-test` may do everything. Default: all may. */
  readonly rbac?: boolean;
}

export interface ApiServer extends AsyncDisposable {
  /** `https://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  /** PEM of its authority. */
  readonly ca: string;
  /** Token of the user `sluice-test`. */
  readonly token: string;
  /** YAML text; another token, or another default namespace, may be asked for. */
  kubeconfig(changes?: { readonly token?: string; readonly namespace?: string }): string;
  /** Writes {@link kubeconfig} to a file and returns its path. */
  writeKubeconfig(path: string): string;
  /** All requests since the start or the last clearRequests, oldest first; at most the last 100,000. */
  readonly requests: readonly LoggedRequest[];
  clearRequests(): void;
  /** Objects in the order of their creation; of one kind (`PipelineRun`) or all. */
  objects(kind?: string): readonly ApiObject[];
  /** When an object was created, milliseconds since the epoch. */
  createdAt(object: ApiObject): number;
  /** Adds or replaces an object as if somebody else had; watches see it. */
  put(object: ApiObject): ApiObject;
  /** Removes an object as if somebody else had; false when there is none. */
  remove(kind: string, namespace: string, name: string): boolean;
  /** Removes everything but namespaces. */
  clearObjects(): void;
  register(kind: Kind): void;
  /** Takes a kind away, as when its CustomResourceDefinition is deleted. */
  unregister(apiVersion: string, kind: string): void;
  /** Watches that are open now, of one resource (`triggers.tekton.dev/triggers`) or all. */
  watches(resource?: string): readonly OpenWatch[];
  /** Forgets what happened before now: older watches and pages get 410 when they ask. */
  compact(): void;
  /** Arms a fault; the result disarms it. */
  fault(fault: Fault): () => void;
  clearFaults(): void;
  /** Milliseconds before every answer from now on. */
  setLatency(ms: number): void;
  /** Refuses and breaks all connections; objects stay. */
  stop(): Promise<void>;
  /** Listens again on the same port. */
  start(): Promise<void>;
}

const TOKEN = "sluice-test-token";
const KEPT_REQUESTS = 100_000;

/** Starts one on loopback; `await using` or stop() ends it. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const certificate = selfSignedCertificate(Date.now());
  const storage = new Storage();
  const kinds = new KindRegistry([...DEFAULT_KINDS, ...(options.kinds ?? [])]);
  const faults = new Faults();
  const users = new Map([[TOKEN, SUPERUSER], ...(options.users ?? [])]);
  let requests: LoggedRequest[] = [];
  let latency = 0;
  let running: Server | undefined;
  const service = {
    storage,
    kinds,
    faults,
    users,
    rbac: options.rbac ?? false,
    latency: () => latency,
    log: (request: LoggedRequest) => {
      requests.push(request);
      if (requests.length > 2 * KEPT_REQUESTS) requests = requests.slice(-KEPT_REQUESTS);
    },
    control: createControl(() => api),
  };
  const kindOf = (apiVersion: string, kind: string): Kind => {
    const found = kinds.byKind(apiVersion, kind);
    if (found === undefined)
      throw new Error(`the test API server knows no ${apiVersion} ${kind}: register it`);
    return found;
  };
  running = await listen(service, certificate, options.port ?? 0);
  const port = portOf(running);
  const url = `https://127.0.0.1:${port}`;

  const api: ApiServer = {
    url,
    port,
    ca: certificate.cert,
    token: TOKEN,
    kubeconfig: (changes = {}) => kubeconfigYaml({ url, ca: certificate.cert, token: TOKEN, ...changes }),
    writeKubeconfig(path) {
      writeFileSync(path, api.kubeconfig(), { mode: 0o600 });
      return path;
    },
    get requests() {
      return requests.slice(-KEPT_REQUESTS);
    },
    clearRequests() {
      requests = [];
    },
    objects: (kind) => storage.all().filter((object) => kind === undefined || object.kind === kind),
    createdAt: (object) => storage.addedAt(object),
    put(object) {
      const kind = kindOf(object.apiVersion, object.kind);
      const there = storage.find(kind, object.metadata.namespace ?? "", object.metadata.name);
      if (there === undefined) return storage.add(kind, object);
      return storage.replace(kind, { ...object, metadata: { ...there.metadata, ...object.metadata } });
    },
    remove(kind, namespace, name) {
      const object = storage
        .all()
        .find(
          ({ kind: k, metadata }) =>
            k === kind && (metadata.namespace ?? "") === namespace && metadata.name === name,
        );
      if (object !== undefined) storage.remove(kindOf(object.apiVersion, object.kind), object);
      return object !== undefined;
    },
    clearObjects() {
      for (const object of storage.all()) {
        if (object.kind !== "Namespace") storage.remove(kindOf(object.apiVersion, object.kind), object);
      }
    },
    register: (kind) => kinds.add(kind),
    unregister: (apiVersion, kind) => kinds.remove(apiVersion, kind),
    watches: (resource) =>
      [...storage.watches].filter((open) => resource === undefined || open.resource === resource),
    compact: () => storage.compact(),
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    setLatency(ms) {
      latency = ms;
    },
    async stop() {
      if (running === undefined) return;
      const closed = once(running, "close");
      running.close();
      running.closeAllConnections();
      running = undefined;
      await closed;
    },
    async start() {
      running ??= await listen(service, certificate, port);
    },
    [Symbol.asyncDispose]: () => api.stop(),
  };
  for (const name of ["default", "kube-system", ...(options.namespaces ?? [])]) {
    api.put({ apiVersion: "v1", kind: "Namespace", metadata: { name }, status: { phase: "Active" } });
  }
  return api;
}
