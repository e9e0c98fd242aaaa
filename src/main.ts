/** The composition root: settings become adapters, adapters become flows, flows become a running gateway. */

import { BUILT_IN } from "../interceptors/index.ts";
import { createBatches } from "./admin/batches.ts";
import type { Distrusted } from "./admin/index.ts";
import {
  catalogCheck,
  createAdmin,
  createRateMeter,
  keepPruning,
  readiness,
  stoppingCheck,
  storeCheck,
  targetCheck,
  trustCheck,
} from "./admin/index.ts";
import { createInForce } from "./catalog/plans/index.ts";
import { openDeclared, outgoingPolicy } from "./catalog/plans/sources/index.ts";
import type { Settings } from "./config/index.ts";
import { printAddress, retentionOf } from "./config/index.ts";
import type { Check } from "./core/check.ts";
import { createDecoder } from "./core/decoder.ts";
import { fault } from "./core/errors.ts";
import type { Tell } from "./core/fact.ts";
import type { StoreKeys } from "./core/integrity.ts";
import type { Target } from "./core/job.ts";
import type { Store } from "./core/store.ts";
import { VERSION } from "./core/version.ts";
import { createTurns } from "./decide/index.ts";
import { createHttpClient, createRegistry } from "./decide/intercept/index.ts";
import { openTargets } from "./dispatch/create/index.ts";
import { createDispatch, createPlaces } from "./dispatch/index.ts";
import { adminAccess, boundTo, createWorkers, listenOn, preflight, shutDown } from "./gateway/index.ts";
import { createIngress, type Ingress } from "./ingress/index.ts";
import { createAccept, createRefusals, type Refusals, unprovedLimitsOf } from "./intake/index.ts";
import { createInProgress, openLead } from "./leader/index.ts";
import type { Sweeper } from "./reconcile/index.ts";
import { auditStore, createAcknowledged, createWholeSweep, keepSweeping } from "./reconcile/index.ts";
import { createCloudEvents, createLog, createMetrics, createRecorder } from "./record/index.ts";
import { openStore, storeHosts } from "./storage/index.ts";
import { ADMIN_CERTIFICATE, certificateOf, WEBHOOK_CERTIFICATE } from "./tls/index.ts";
import { createVerifier } from "./verify/index.ts";

export interface Gateway {
  /** Base URL of the webhook port; undefined for workers. */
  readonly listen: string | undefined;
  /** Base URL of the admin port. */
  readonly admin: string;
  readonly store: Store;
  /** Undefined for an ingress: it creates nothing. */
  readonly target: Target | undefined;
  /**
   * Not ready, takes no more, finishes what is in hand within the grace period, closes everything.
   *
   * @param lameDuckMs milliseconds before that for which the webhook port still takes deliveries; default 0.
   */
  stop(reason: string, lameDuckMs?: number): Promise<void>;
}

export interface GatewayOptions {
  /** Whether the log may use colours. */
  readonly color: boolean;
  /** Hears every fact too. */
  readonly listener?: Tell;
  /** False keeps the log silent. */
  readonly log?: boolean;
  /** Resolves when the process is to end: whoever still waits for the cluster waits no longer. */
  readonly stopping?: Promise<unknown>;
  /** Milliseconds for which a store that is away at the start is waited for; default 0. */
  readonly storeWaitMs?: number;
  /** Where a token for this user on this machine is kept; none without it, or where the settings name tokens. */
  readonly localToken?: string;
  /** As config/store-key.ts loads them; without them nothing in the store is signed, and all of it is believed. */
  readonly keys?: StoreKeys | undefined;
}

/** What large bodies may take while they are decoded, as a part of the bytes in flight. */
const DECODING = 1 / 4;

/**
 * Starts a gateway. The order of the steps is behaviour: nothing is accepted before it can be stored and worked on.
 *
 * @throws SluiceError when a step fails; what was opened before is closed again.
 */
export async function startGateway(settings: Settings, options: GatewayOptions): Promise<Gateway> {
  const { role } = settings;
  const { keys } = options;
  await using opened = new AsyncDisposableStack();
  let stopping: Promise<void> | undefined;

  // 1. facts: somebody listens before anything can happen
  let store: Store | undefined;
  let sweeper: Sweeper | undefined;
  let checks: readonly Check[] = [];
  let distrusted: Distrusted | undefined;
  let refusals: Refusals | undefined;
  const inProgress = createInProgress();
  const inForce = createInForce();
  const metrics = createMetrics({
    version: VERSION,
    listeners: inForce.plans.all,
    inProgress: inProgress.counts,
    depth: () => (store ?? notYet()).queue.depth(),
    paused: async () => (await (store ?? notYet()).queue.state()).paused,
    held: () => store?.hold.waiting?.(),
    dead: async () =>
      (await (store ?? notYet()).ledger.deadGroups()).reduce((sum, { count }) => sum + count, 0),
    checks: async () => (await readiness(checks)).checks,
  });
  const format = settings.logFormat;
  const logger =
    options.log === false ? silent : createLog({ level: settings.logLevel, format, color: options.color });
  const record = createRecorder({ logger, metrics });
  const rate = createRateMeter();
  const remembering = createAcknowledged({ store: () => store, tell: (fact) => tell(fact) });
  const acknowledged = opened.adopt(remembering, ({ stop }) => stop());
  const http = createHttpClient(outgoingPolicy(settings, storeHosts(settings.store)));
  opened.defer(() => http.close());
  const cloudEvents = createCloudEvents({ plans: inForce.plans, http, tell: record });
  opened.defer(() => cloudEvents.stop());
  const tell: Tell = (fact) => {
    record(fact);
    cloudEvents.notify(fact);
    rate.tell(fact);
    acknowledged.tell(fact);
    refusals?.tell(fact);
    if (fact.type === "store.back") sweeper?.soon();
    if (fact.type === "store.distrusted") distrusted = { error: fact.error, at: Date.now() };
    options.listener?.(fact);
  };

  // 2. what operators declare: plans and secrets, kept up to date
  const registry = createRegistry(BUILT_IN);
  const declared = await openDeclared({ settings, registry, http, inForce, tell });
  opened.defer(() => declared.close());

  // 3. where things go: the target, the store; by what certificate they come
  const targets = role === "ingress" ? undefined : openTargets(settings);
  opened.defer(() => targets?.close());
  await preflight(settings, targets?.target);
  const places = targets && createPlaces(targets, tell);
  opened.defer(() => places?.close());
  const certificate =
    role === "worker" ? undefined : await certificateOf(settings, WEBHOOK_CERTIFICATE, { tell });
  opened.defer(() => certificate?.close());
  const adminCertificate = await certificateOf(settings, ADMIN_CERTIFICATE, { tell });
  opened.defer(() => adminCertificate?.close());
  store = await openStore(settings.store, {
    owner: {
      admin: `${adminCertificate === undefined ? "http" : "https"}://${printAddress(settings.admin)}`,
    },
    tell,
    waitMs: options.storeWaitMs ?? 0,
    durability: settings.durability,
    holdMs: settings.storeHold,
    keys,
  });
  const { ledger, queue } = store;
  const clock = store.clock.now;
  opened.defer(() => store?.close());
  const keeping = createRefusals({ log: ledger, clock });
  refusals = opened.adopt(keeping, ({ stop }) => stop());

  // 4. the two ways
  const verifier = createVerifier(inForce.secrets, { http });
  const { plans } = inForce;
  const { visible } = declared;
  const { decideWithin, decideBudget, maxInFlight } = settings;
  const turns = createTurns();
  const decoder = createDecoder({ room: maxInFlight * DECODING });
  const limits = unprovedLimitsOf(store, settings, tell);
  const deciding = { verifier, decoder, plans, visible, tell, keys, decideBudget, turns, clock };
  const flows = createAccept({ ...deciding, ledger, queue, decideWithin, limits, hold: store.hold });
  checks = [
    stoppingCheck(() => stopping !== undefined),
    storeCheck(() => Promise.all([ledger.ping(), queue.ping()]).then(() => undefined)),
    ...(store.checks?.() ?? []),
    ...(keys === undefined ? [] : [trustCheck(() => distrusted)]),
    catalogCheck(declared.state),
    ...(places?.ready.map(({ name, ready }) => targetCheck(ready, name)) ?? []),
    ...[certificate, adminCertificate].flatMap((one) => (one === undefined ? [] : [one.check])),
  ];

  // 5. the admin port: health is answered from here on
  const sweeping = places && { sweep: createWholeSweep({ ledger, queue, clock }) };
  const batches = createBatches({ ledger, clock });
  opened.defer(() => batches.close());
  const admin = createAdmin({
    ...settings.admin,
    ...adminAccess(settings, options.localToken, tell),
    ...(adminCertificate && { certificate: adminCertificate }),
    ledger,
    queue,
    replay: flows.replay,
    preview: flows.preview,
    audit: () => auditStore({ ledger, queue, acknowledged: acknowledged.look, ...sweeping }),
    acknowledged: acknowledged.look,
    batches,
    ...(places && { attemptsPerMinute: rate.attemptsPerMinute, targets: places.states }),
    checks,
    metrics,
    version: VERSION,
    clock,
    tell,
  });
  opened.defer(() => admin.close());
  const adminUrl = await admin.listen();
  store.announce?.(adminUrl);

  // 6. workers, then the webhook port; to a gateway that has read nothing yet every listener would seem unknown
  const known = await Promise.race([declared.ready.then(() => true), stopped(options.stopping)]);
  const workers = createWorkers();
  opened.defer(() => workers.stop(settings.shutdownGrace));
  if (known && places !== undefined) {
    const dispatch = createDispatch({ ...places, ...deciding, ledger, queue });
    const sweeping = keepSweeping({ ledger, queue, tell, clock });
    sweeper = sweeping;
    workers.add(sweeping.stop);
    workers.add(keepPruning({ ledger, policy: retentionOf(settings), tell, clock: store.clock }).stop);
    workers.add((await queue.consume(dispatch, { concurrency: settings.concurrency })).stop);
  }
  const lead = known ? openLead({ settings, ledger, plans, visible, inProgress, tell, clock }) : undefined;
  if (lead !== undefined) workers.add(lead.close);
  let ingress: Ingress | undefined;
  let listen: string | undefined;
  if (known && role !== "worker") {
    const { maxBody, maxBodyUnproved, defaultListener, unverifiedReply } = settings;
    ingress = createIngress({
      plans,
      ...{ accept: flows.accept, open: flows.open },
      ...{ tell, clock },
      maxBody,
      maxBodyUnproved,
      maxInFlight,
      unverifiedReply,
      http: settings.http,
      hosts: settings.hosts,
      ...(defaultListener && { defaultListener }),
      ...(certificate && { certificate }),
    });
    opened.defer(() => ingress?.close());
    listen = await listenOn(ingress, settings.listen);
  }
  const served = {
    listen: listen === undefined ? "" : boundTo(listen, settings.listen),
    admin: boundTo(adminUrl, settings.admin),
    store: store.name,
    target: places?.target.name ?? "",
    declared: declared.state().loaded,
    listeners: plans.all().map(({ namespace, name }) => `${namespace}/${name}`),
  };
  if (known) tell({ type: "gateway.ready", ...served });

  const running = opened.move();
  return {
    listen,
    admin: adminUrl,
    store,
    target: places?.target,
    stop(reason, lameDuckMs = 0) {
      const times = { graceMs: settings.shutdownGrace, lameDuckMs };
      stopping ??= shutDown({ ingress, admin, workers, rest: running, tell }, { reason, ...times });
      return stopping;
    },
  };
}

/** @returns a promise of false, for when it is time to stop. */
async function stopped(stopping: Promise<unknown> = Promise.withResolvers().promise): Promise<boolean> {
  await stopping;
  return false;
}

const silent = { tell: () => undefined };

function notYet(): never {
  throw fault("SLUICE_STORE_AWAY", { reason: "it is not open yet" });
}
