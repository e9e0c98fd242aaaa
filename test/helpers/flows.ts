/** Everything between a request and its objects, joined as main joins it, on a store of its own: for tests of the flows. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders, Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after } from "node:test";
import { BUILT_IN } from "../../interceptors/index.ts";
import { loadCatalog } from "../../src/catalog/index.ts";
import { type CompiledPlans, compilePlans, createInForce } from "../../src/catalog/plans/in-force.ts";
import { type ErrorCode, fault, SluiceError } from "../../src/core/errors.ts";
import type { Fact, Tell } from "../../src/core/fact.ts";
import type { StoreKeys } from "../../src/core/integrity.ts";
import type { HttpClient } from "../../src/core/interceptor.ts";
import type { Job, Target } from "../../src/core/job.ts";
import type { Ledger } from "../../src/core/ledger.ts";
import type { ListenerPlan } from "../../src/core/plan.ts";
import type { JobHandler, Queue } from "../../src/core/queue.ts";
import type { Secrets } from "../../src/core/secrets.ts";
import type { Store } from "../../src/core/store.ts";
import { createHttpClient } from "../../src/decide/intercept/http.ts";
import { createRegistry } from "../../src/decide/intercept/registry.ts";
import { createGate, type Gate } from "../../src/dispatch/circuit-breaker.ts";
import { createDirectoryTarget } from "../../src/dispatch/create/directory.ts";
import { createDispatch } from "../../src/dispatch/dispatch.ts";
import type { Accept } from "../../src/intake/accept.ts";
import { createAccept } from "../../src/intake/accept.ts";
import { openStore } from "../../src/storage/open.ts";
import { createVerifier } from "../../src/verify/verifier.ts";
import { temporaryFolder } from "./folder.ts";
import type { Arrival, Written } from "./objects.ts";
import { NAMESPACE } from "./objects.ts";
import { STORE_DRIVERS, type StoreDriver } from "./stores.ts";

export interface CompileOptions {
  readonly unverified?: "refuse" | "allow";
  readonly http?: HttpClient;
  /** Names of the clusters that templates may ask for; open to all namespaces. */
  readonly clusters?: Iterable<string>;
  /** Stands before the real secrets, to fail when the test wants it to. */
  readonly secrets?: (real: Secrets) => Secrets;
}

/** Objects as the text of a file. */
export function yamlOf(objects: readonly Written[]): string {
  return objects.map((object) => JSON.stringify(object)).join("\n---\n");
}

/** Loads objects from a file as `serve` does, and compiles them. Faults of the load itself end the test. */
export async function compiled(
  objects: readonly Written[],
  { unverified = "refuse", http, clusters, secrets: instead = (real) => real }: CompileOptions = {},
): Promise<CompiledPlans & { readonly secrets: Secrets }> {
  using folder = temporaryFolder("sluice-objects-");
  const file = join(folder.path, "objects.yaml");
  writeFileSync(file, yamlOf(objects));
  const { declarations, secrets: real, faults } = await loadCatalog({ paths: [file] });
  const [first] = faults;
  if (first !== undefined) throw first;
  const secrets = instead(real);
  const needs = {
    registry: createRegistry(BUILT_IN),
    secrets,
    unverified,
    ...(clusters && {
      clusters: new Map(Array.from(clusters, (name) => [name, { namespaces: "*" as const }])),
    }),
  };
  return { ...compilePlans(declarations, http === undefined ? needs : { ...needs, http }), secrets };
}

export interface FlowOptions extends Omit<CompileOptions, "http" | "clusters"> {
  /** Further targets, by the name that a template may ask for. */
  readonly clusters?: ReadonlyMap<string, Target>;
  /** Stands before the real ledger, to fail when the test wants it to. */
  readonly ledger?: (real: Ledger) => Ledger;
  readonly queue?: (real: Queue) => Queue;
  /** Instead of a folder, or of a part of it. */
  readonly target?: Partial<Target>;
  /** Redis by default. */
  readonly store?: keyof typeof STORE_DRIVERS;
  /** Milliseconds that a request waits for remote interceptors; accept's own default where absent. */
  readonly decideWithin?: number;
  readonly clock?: () => number;
  /** None by default: nothing is signed then. */
  readonly keys?: StoreKeys;
  /** The middle of every jitter by default. */
  readonly random?: () => number;
}

export interface Flows extends AsyncDisposable {
  readonly store: Store;
  readonly plans: ReturnType<typeof createInForce>["plans"];
  readonly facts: readonly Fact[];
  readonly accept: Accept;
  readonly dispatch: JobHandler;
  readonly gate: Gate;
  /** The plan of a listener in namespace `ci`; there must be one. */
  plan(name?: string): ListenerPlan;
  /** Sends a request to listener `git`; the eventID. */
  send(request: Arrival, to?: string): Promise<string>;
  /** Puts other objects in force. */
  declare(objects: readonly Written[]): Promise<void>;
  readonly heard: Ear["heard"];
  /** Types of the facts told so far, in order. */
  told(): readonly string[];
  /** Jobs as the ledger knows them. */
  jobs(id: string): Promise<readonly Job[]>;
  /** Files under the target's folder, as `namespace/file`. */
  files(): readonly string[];
  /** Works the queue off until nothing is left in it. */
  drain(): Promise<void>;
}

/** An ear for facts. */
export interface Ear {
  readonly facts: readonly Fact[];
  readonly tell: Tell;
  /** Resolves with the first fact, told already or to come, of which `wanted` is true. */
  heard(wanted: (fact: Fact) => boolean): Promise<Fact>;
}

export function listen(): Ear {
  const facts: Fact[] = [];
  const waiting = new Set<() => void>();
  return {
    facts,
    tell(fact) {
      facts.push(fact);
      for (const look of [...waiting]) look();
    },
    heard(wanted) {
      const { promise, resolve } = Promise.withResolvers<Fact>();
      const look = (): void => {
        const found = facts.find(wanted);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      return promise;
    },
  };
}

/** By kind of store: its server, or its initialised folder, serves all tests of a file. */
const drivers = new Map<keyof typeof STORE_DRIVERS, Promise<StoreDriver>>();
after(async () => {
  for (const driver of drivers.values()) await (await driver)[Symbol.asyncDispose]();
});

function driverOf(kind: keyof typeof STORE_DRIVERS): Promise<StoreDriver> {
  const driver = drivers.get(kind) ?? STORE_DRIVERS[kind]();
  drivers.set(kind, driver);
  return driver;
}

/** Joins the flows on a fresh store, with `objects` in force and a folder as target. */
export async function openFlows(objects: readonly Written[], options: FlowOptions = {}): Promise<Flows> {
  await using opened = new AsyncDisposableStack();
  const { url } = opened.use(await (await driverOf(options.store ?? "redis")).open());
  const { keys } = options;
  const store = await openStore(url, { keys });
  opened.defer(() => store.close());
  const folder = opened.use(temporaryFolder("sluice-runs-"));
  const http = createHttpClient();
  opened.defer(() => http.close());

  const { facts, tell, heard } = listen();
  const inForce = createInForce();
  const { clusters: further = new Map<string, Target>(), ...compileOptions } = options;
  const declare = async (next: readonly Written[]): Promise<void> => {
    const clusters = new Set(further.keys());
    const { plans, secrets, errors } = await compiled(next, { ...compileOptions, http, clusters });
    const [first] = errors;
    if (first !== undefined) throw first;
    inForce.swap({ plans, secrets });
  };
  await declare(objects);

  const { plans } = inForce;
  const { clock = Date.now, random = () => 0.5 } = options;
  const ledger = options.ledger?.(store.ledger) ?? store.ledger;
  const queue = options.queue?.(store.queue) ?? store.queue;
  const verifier = createVerifier(inForce.secrets);
  const directory = createDirectoryTarget({ dir: folder.path });
  const target: Target = { ...directory, ...options.target };
  const { decideWithin } = options;
  const waits = decideWithin === undefined ? {} : { decideWithin };
  const accept = createAccept({ verifier, ledger, queue, plans, tell, keys, clock, ...waits });
  const gate = createGate({ target, tell, clock, random, first: 20 });
  opened.defer(() => gate.close());
  const guarded = (one: Target) => ({
    target: one,
    gate: createGate({ target: one, tell, clock, random, first: 20 }),
  });
  const clusters = new Map(Array.from(further, ([name, one]) => [name, guarded(one)]));
  for (const place of clusters.values()) opened.defer(() => place.gate.close());
  const dispatch = createDispatch({
    ...{ target, gate, clusters, ledger, queue, plans, verifier, tell, keys, clock, random },
  });

  const plan = (name = "git"): ListenerPlan => {
    const found = plans.find(NAMESPACE, name);
    if (found === undefined) throw new Error(`no listener ${name} is in force`);
    return found;
  };
  const running = opened.move();
  return {
    store,
    plans,
    facts,
    accept,
    dispatch,
    gate,
    plan,
    declare,
    send: (request, to) => accept.accept(request, plan(to)),
    heard,
    told: () => facts.map((fact) => fact.type),
    jobs: async (id) => (await store.ledger.find(id))?.jobs.map(({ job }) => job) ?? [],
    files: () => readdirSync(folder.path, { recursive: true, encoding: "utf8" }).filter(isYaml).sort(),
    async drain() {
      const idle = Promise.withResolvers<void>();
      const look = async (): Promise<void> => {
        const { waiting: ready, active, delayed } = await store.queue.depth();
        if (ready + active + delayed === 0) idle.resolve();
        // BullMQ says nothing when it has put a finished job away.
        else setTimeout(() => look().catch(idle.reject), 5);
      };
      const consumer = await store.queue.consume(dispatch, { concurrency: 8 });
      await look();
      await idle.promise.finally(() => consumer.stop(1_000));
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const isYaml = (path: string): boolean => path.endsWith(".yaml");

/** One call that an interceptor got. */
export interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What an interceptor says: an InterceptorResponse, usually. */
export interface Said {
  readonly status?: number;
  readonly body: unknown;
}

export interface Remote extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly Asked[];
}

/** A remote interceptor on loopback, on a free port by default: `answer` gives status and body for each call. */
export async function serveInterceptor(
  answer: (asked: Asked, number: number) => Said | Promise<Said>,
  port = 0,
): Promise<Remote> {
  const asked: Asked[] = [];
  const server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request.setEncoding("utf8")) body += part;
    const call = { headers: request.headers, body };
    const { status = 200, body: said } = await answer(call, asked.push(call));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(said));
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** True for a fault of this code whose message matches. */
export const refusal =
  (code: ErrorCode, text = /./) =>
  (error: unknown) =>
    error instanceof SluiceError && error.code === code && text.test(error.message);

/** What a store that is away does with every call. */
export const gone = () => Promise.reject(fault("SLUICE_STORE_AWAY", { reason: "connection refused" }));

export async function assertNothingKept({ store, facts }: Flows): Promise<void> {
  assert.equal((await store.ledger.audit()).accepted, 0);
  const { waiting, active, delayed } = await store.queue.depth();
  assert.deepEqual([waiting, active, delayed], [0, 0, 0]);
  assert.deepEqual(facts, []);
}

/** `<trigger> <result>` of each decision that the ledger has of a delivery. */
export async function decisionsOf({ store }: Flows, id: string): Promise<readonly string[]> {
  const record = await store.ledger.find(id);
  return (record?.decisions ?? []).map(({ trigger, result }) => `${trigger.name} ${result}`);
}
