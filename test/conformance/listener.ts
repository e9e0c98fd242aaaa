/** One listener as Tekton's listener process is: the real catalog, plans, webhook port and flows, with every switch set to Tekton's ways. */

import { BUILT_IN } from "../../interceptors/index.ts";
import { createFindings } from "../../src/catalog/findings.ts";
import { admit, createDeclarations, fileSecrets, readSecret } from "../../src/catalog/index.ts";
import { compilePlans } from "../../src/catalog/plans/in-force.ts";
import type { ObjectName } from "../../src/core/delivery.ts";
import { fault } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/fact.ts";
import { type HeaderMap, headersFromPairs } from "../../src/core/headers.ts";
import type { HttpClient } from "../../src/core/interceptor.ts";
import type { CreateAnswer, CreateJob, Job, KubernetesObject } from "../../src/core/job.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createRegistry } from "../../src/decide/intercept/registry.ts";
import { createDispatch } from "../../src/dispatch/dispatch.ts";
import { createIngress } from "../../src/ingress/server.ts";
import { createAccept } from "../../src/intake/accept.ts";
import { createCloudEvents } from "../../src/record/cloud-events.ts";
import { createVerifier } from "../../src/verify/verifier.ts";
import type { ApiResource } from "./vectors.ts";

/** What stands in the cluster, and who answers outside of it. */
export interface World {
  readonly listener: ObjectName;
  /** Null: it does not exist. */
  readonly eventListener: JsonObject | null;
  readonly objects: readonly JsonObject[];
  readonly stubs?: readonly {
    readonly url: string;
    readonly status: number;
    readonly headers: Readonly<Record<string, readonly string[]>>;
    readonly body: string;
  }[];
}

/** A request that left the process. */
export interface Called {
  readonly url: string;
  readonly method: string;
  readonly headers: HeaderMap;
  readonly rawBody?: string;
}

export interface OpenListener extends AsyncDisposable {
  readonly app: ReturnType<typeof createIngress>;
  readonly calls: readonly Called[];
  /** Create calls that succeeded. */
  readonly created: readonly JsonObject[];
  /** Works off what was queued; resolves when all CloudEvents are out. */
  settled(): Promise<void>;
}

/** The reference's event id and `$(uid)`, stubbed with one constant. */
const ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

export async function openListener(world: World, resources: readonly ApiResource[]): Promise<OpenListener> {
  const calls: Called[] = [];
  const created: JsonObject[] = [];
  const queued: Job[] = [];
  const http = stubbed(world, calls);
  const { declarations, secrets } = clusterOf(world);
  const { plans } = compilePlans(declarations, {
    registry: createRegistry(BUILT_IN),
    secrets,
    http,
    unverified: "allow",
    selection: { duplicates: "tekton" },
    render: { names: "tekton", uid: () => ID },
  });
  const cloudEvents = createCloudEvents({ plans, http, tell: () => undefined, firstWaitMs: 1 });
  const tell = (fact: Fact): void => cloudEvents.notify(fact);
  const verifier = createVerifier(secrets);
  const queue = { enqueue: async (jobs: readonly Job[]) => void queued.push(...jobs) };
  const nothing = async () => undefined;
  const ledger = {
    accept: async () => ({ kind: "accepted" }) as const,
    claim: async () => ID,
    attempt: nothing,
    decide: nothing,
    decideLate: nothing,
    find: nothing,
    forgetBody: nothing,
    load: nothing,
    drop: nothing,
    reopen: async () => [],
  };
  const accept = createAccept({ verifier, ledger, queue, plans, tell, newId: () => ID });
  const target = {
    name: "recording",
    create: async (object: KubernetesObject, job: CreateJob) => create(object, job, resources, created),
    ready: nothing,
    close: nothing,
  };
  const dispatch = createDispatch({ target, ledger, queue, plans, verifier, tell });
  const app = createIngress({
    plans,
    accept: accept.accept,
    tell,
    maxBody: 10_000_000,
    unverifiedReply: 202,
    http: "tekton",
    defaultListener: world.listener,
    newId: () => ID,
  });
  return {
    app,
    calls,
    created,
    async settled() {
      // What a worker would decide later met an interceptor that is away: Tekton does not try again either.
      for (const job of queued) if (job.kind === "create") await dispatch(job, 1);
      await cloudEvents.idle();
    },
    [Symbol.asyncDispose]: async () => app.close(),
  };
}

/** Objects that admission refuses are not there: no cluster would hold them. */
function clusterOf({ listener, eventListener, objects }: World) {
  const written = eventListener === null ? objects : [eventListener, ...objects];
  const findings = createFindings();
  const secrets = written
    .filter(({ kind }) => kind === "Secret")
    .flatMap((object) => readSecret(object, listener.namespace, findings) ?? []);
  const declared = written
    .filter(({ kind }) => kind !== "Secret")
    .flatMap((object) => admit(object, listener.namespace).object ?? []);
  return { declarations: createDeclarations(declared), secrets: fileSecrets(secrets) };
}

function stubbed({ stubs = [] }: World, calls: Called[]): HttpClient {
  return async ({ url, method, headers, body }) => {
    calls.push({ url, method, headers, ...(body !== undefined && { rawBody: body }) });
    if (headers["Ce-Type"] !== undefined) return { status: 202, headers: {}, body: "" };
    const stub = stubs.find((candidate) => candidate.url === url);
    if (stub === undefined)
      throw fault("SLUICE_INTERCEPTOR_FAILED", { name: url, reason: "it cannot be reached" });
    const pairs = Object.entries(stub.headers).flatMap(([name, values]) =>
      values.flatMap((value) => [name, value]),
    );
    return { status: stub.status, headers: headersFromPairs(pairs), body: stub.body };
  };
}

function create(
  object: KubernetesObject,
  { trigger, serviceAccount }: CreateJob,
  resources: readonly ApiResource[],
  created: JsonObject[],
): CreateAnswer {
  const { apiVersion, kind } = object;
  const found = resources.find((known) => known.apiVersion === apiVersion && known.kind === kind);
  if (found === undefined) {
    return { outcome: "failed", retry: "never", code: "SLUICE_CREATE_KIND", reason: `no kind ${kind}` };
  }
  const namespace = object.metadata?.namespace || trigger.namespace;
  const resource = `${apiVersion}/${found.resource}`;
  const as = serviceAccount && { as: `system:serviceaccount:${trigger.namespace}:${serviceAccount}` };
  created.push({ namespace, resource, ...as, object });
  const run = { apiVersion, kind, namespace, name: "", where: "recording", outcome: "created" } as const;
  return { outcome: "created", run };
}
