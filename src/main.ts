/** The composition root: settings become adapters, adapters become flows, flows become a running gateway. */

import { BUILT_IN } from "../interceptors/index.ts";
import { createAccept } from "./accept.ts";
import { auditStore } from "./audit.ts";
import { createFileCatalog } from "./catalog/index.ts";
import { printAddress } from "./config/describe.ts";
import type { Settings } from "./config/schema.ts";
import { fault, reasonOf } from "./core/errors.ts";
import type { Tell } from "./core/fact.ts";
import type { Target } from "./core/job.ts";
import type { Consumer } from "./core/queue.ts";
import type { Store } from "./core/store.ts";
import { VERSION } from "./core/version.ts";
import { openTarget } from "./create/index.ts";
import { createDispatch } from "./dispatch.ts";
import { createIngress } from "./ingress/server.ts";
import { createHttpClient } from "./intercept/http.ts";
import { createRegistry } from "./intercept/registry.ts";
import { createAdmin } from "./ops/admin.ts";
import { catalogCheck, stoppingCheck, storeCheck, targetCheck } from "./ops/checks.ts";
import { compilePlans, createInForce } from "./plans.ts";
import { createCloudEvents } from "./record/cloud-events.ts";
import { createLog } from "./record/log.ts";
import { createMetrics } from "./record/metrics.ts";
import { createRecorder } from "./record/recorder.ts";
import { openStore } from "./store/open.ts";
import { keepSweeping } from "./sweep.ts";
import { createVerifier } from "./verify/verifier.ts";

export interface Gateway {
  /** Base URL of the webhook port; undefined for workers. */
  readonly listen: string | undefined;
  /** Base URL of the admin port. */
  readonly admin: string;
  readonly store: Store;
  readonly target: Target;
  /** Not ready, takes no more, finishes what is in hand within the grace period, closes everything. */
  stop(reason: string): Promise<void>;
}

export interface GatewayOptions {
  /** Whether the log may use colours. */
  readonly color: boolean;
  /** Hears every fact too. */
  readonly listener?: Tell;
  /** False keeps the log silent. */
  readonly log?: boolean;
}

/**
 * Starts a gateway. The order of the steps is behaviour: nothing is accepted before it can be stored and worked on.
 *
 * @throws SluiceError when a step fails; what was opened before is closed again.
 */
export async function startGateway(settings: Settings, options: GatewayOptions): Promise<Gateway> {
  const { role } = settings;
  await using opened = new AsyncDisposableStack();
  const state = { stopping: false };

  // 1. facts: somebody listens before anything can happen
  let store: Store | undefined;
  const metrics = createMetrics({ version: VERSION, depth: () => (store ?? notYet()).queue.depth() });
  const format = settings.logFormat;
  const logger =
    options.log === false ? silent : createLog({ level: settings.logLevel, format, color: options.color });
  const record = createRecorder({ logger, metrics });
  const inForce = createInForce();
  const http = createHttpClient();
  opened.defer(() => http.close());
  const cloudEvents = createCloudEvents({ plans: inForce.plans, http, tell: record });
  const tell: Tell = (fact) => {
    record(fact);
    cloudEvents.notify(fact);
    options.listener?.(fact);
  };

  // 2. what operators declare: plans and secrets, kept up to date
  const registry = createRegistry(BUILT_IN);
  const catalog = await createFileCatalog({
    paths: settings.config,
    defaultNamespace: settings.namespace,
    tell,
    accept({ declarations, secrets }) {
      const { unverified, duplicates } = settings;
      const selection = { duplicates };
      const compiled = compilePlans(declarations, { registry, secrets, http, unverified, selection });
      if (compiled.errors.length === 0) inForce.swap({ plans: compiled.plans, secrets });
      return compiled;
    },
  });
  opened.defer(() => catalog.close());

  // 3. where things go: the target, the store
  const target = openTarget(settings);
  opened.defer(() => target.close());
  store = await openStore(settings.store, {
    owner: { admin: `http://${printAddress(settings.admin)}` },
    tell,
  });
  const { ledger, queue } = store;
  opened.defer(() => store?.close());

  // 4. the two ways
  const verifier = createVerifier(inForce.secrets);
  const { plans } = inForce;
  const { decideWithin } = settings;
  const flows = createAccept({ verifier, ledger, queue, plans, tell, decideWithin });
  const dispatch = createDispatch({ target, ledger, queue, plans, verifier, tell });

  // 5. the admin port: health is answered from here on
  const admin = createAdmin({
    ...settings.admin,
    ledger,
    queue,
    replay: async (id) => ({ id: await flows.replay(id) }),
    audit: () => auditStore({ ledger, queue }),
    checks: [
      stoppingCheck(() => state.stopping),
      storeCheck(() => Promise.all([ledger.ping(), queue.ping()]).then(() => undefined)),
      catalogCheck(() => catalog.state()),
      targetCheck(() => target.ready()),
    ],
    metrics,
    version: VERSION,
    tell,
  });
  opened.defer(() => admin.close());
  const adminUrl = await admin.listen();

  // 6. workers, then the webhook port
  let consumer: Consumer | undefined;
  if (role !== "ingress") {
    const sweeper = keepSweeping({ ledger, queue, tell });
    opened.defer(() => sweeper.stop());
    consumer = await queue.consume(dispatch, { concurrency: settings.concurrency });
    opened.defer(() => consumer?.stop(settings.shutdownGrace));
  }
  let listen: string | undefined;
  if (role !== "worker") {
    const { maxBody, defaultListener, unverifiedReply } = settings;
    const ingress = createIngress({
      plans,
      accept: flows.accept,
      tell,
      maxBody,
      unverifiedReply,
      http: settings.http,
      ...(defaultListener === undefined ? {} : { defaultListener }),
    });
    opened.defer(() => ingress.close());
    listen = await listenOn(ingress, settings.listen);
  }
  tell({
    type: "gateway.ready",
    listen: listen ?? "",
    admin: adminUrl,
    store: store.name,
    target: target.name,
  });

  const running = opened.move();
  return {
    listen,
    admin: adminUrl,
    store,
    target,
    async stop(reason) {
      if (state.stopping) return;
      state.stopping = true;
      tell({ type: "gateway.stopping", reason });
      await running.disposeAsync();
    },
  };
}

async function listenOn(
  ingress: ReturnType<typeof createIngress>,
  address: Settings["listen"],
): Promise<string> {
  try {
    return await ingress.listen({ ...address });
  } catch (error) {
    const reason = `cannot listen on ${printAddress(address)}: ${reasonOf(error)}`;
    throw fault("SLUICE_CONFIG_INVALID", { key: "listen", reason }, { cause: error });
  }
}

const silent = { tell: () => undefined };

function notYet(): never {
  throw fault("SLUICE_STORE_AWAY", { reason: "it is not open yet" });
}
