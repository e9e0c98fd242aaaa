/** Both sides of a parity comparison: what a gateway decided, from its ledger; what another created, from the cluster. */

import { readRun, type ShadowRun } from "../admin/shadow/index.ts";
import { fault } from "../core/errors.ts";
import { LABELS } from "../core/labels.ts";
import type { DeliveryFilter, DeliveryRecord } from "../core/ledger.ts";
import {
  type Api,
  type ApiResponse,
  type ClusterSource,
  createApi,
  createDiscovery,
  createSession,
  type Discovery,
  listAll,
  loadCluster,
  readStatus,
  versionPath,
} from "../kubernetes/index.ts";
import { every } from "./delivery-stream.ts";
import type { Client } from "./http.ts";

export interface Decided {
  readonly runs: readonly ShadowRun[];
  /** Receipt of the first delivery, whatever came of it: from here on this gateway heard what the other heard. */
  readonly from: number | undefined;
}

/** What a gateway decided to create; replays are left out, since nobody else heard of them. */
export async function decidedRuns(client: Client, filter: DeliveryFilter): Promise<Decided> {
  const runs: ShadowRun[] = [];
  let from: number | undefined;
  for await (const { id, receivedAt, outcome, replayOf } of every(client, filter)) {
    from = Math.min(receivedAt, from ?? receivedAt);
    if (outcome === "filtered" || outcome === "duplicate" || replayOf !== undefined) continue;
    // What is compared are the objects themselves.
    const path = `/api/v1/deliveries/${encodeURIComponent(id)}?values=true`;
    const { jobs } = await client.ask<DeliveryRecord>("GET", path);
    for (const { job } of jobs)
      for (const object of job.objects) {
        const run = readRun(object, receivedAt);
        if (run !== undefined) runs.push(run);
      }
  }
  return { runs, from };
}

export interface LivingOptions extends ClusterSource {
  /** Kinds to look for as `tekton.dev/v1 PipelineRun`; those that the cluster does not have are passed over. */
  readonly kinds: ReadonlySet<string>;
  /** Where to look; everywhere when empty. */
  readonly namespaces: readonly string[];
  /** Only of this listener. */
  readonly listener?: string | undefined;
  /** False for what is not to be kept. */
  readonly wanted: (run: ShadowRun) => boolean;
}

/**
 * What triggers created in a cluster.
 *
 * @throws SluiceError SLUICE_SHADOW_RUNS when they may not be listed, SLUICE_CREATE_… when the server cannot be asked.
 */
export async function livingRuns(options: LivingOptions): Promise<readonly ShadowRun[]> {
  const { kinds, namespaces, listener, wanted } = options;
  const session = createSession(() => loadCluster(options));
  const runs: ShadowRun[] = [];
  try {
    const api = createApi(session);
    const discovery = createDiscovery(api);
    const labelSelector = listener === undefined ? LABELS.listener : `${LABELS.listener}=${listener}`;
    for (const kind of kinds)
      for (const path of await pathsOf(discovery, kind, namespaces, api.account))
        await list(api, { path, labelSelector }, (run) => void (wanted(run) && runs.push(run)));
    return runs;
  } finally {
    session.close();
  }
}

async function pathsOf(
  discovery: Discovery,
  kind: string,
  namespaces: readonly string[],
  account: string,
): Promise<readonly string[]> {
  const [apiVersion = "", name = ""] = kind.split(" ");
  const base = versionPath(apiVersion);
  const found = await discovery.find(apiVersion, name);
  if (found.outcome === "missing") return [];
  if (found.outcome === "refused") throw refused(base, found.response, account);
  const { name: plural, namespaced } = found.resource;
  if (!namespaced || namespaces.length === 0) return [`${base}/${plural}`];
  return namespaces.map((namespace) => `${base}/namespaces/${encodeURIComponent(namespace)}/${plural}`);
}

/** Objects of a page, and how often a list that the server forgot, or a page that is too large, is begun again. */
const PAGES = [500, 500, 100, 20, 1] as const;

async function list(
  api: Api,
  collection: { readonly path: string; readonly labelSelector: string },
  take: (run: ShadowRun) => void,
): Promise<void> {
  for (const page of PAGES) {
    const found: ShadowRun[] = [];
    const listed = await listAll(api, collection, page, ({ object }) => {
      const run = "read" in object ? readRun(object.read) : undefined;
      if (run !== undefined) found.push(run);
    });
    if (listed.outcome === "refused") throw refused(collection.path, listed.response, api.account);
    if (listed.outcome === "listed") return found.forEach(take);
  }
  const reason = "the list cannot be read to its end, even in pages of one object";
  throw fault("SLUICE_SHADOW_RUNS", { resource: collection.path, reason, account: api.account });
}

function refused(resource: string, response: ApiResponse, account: string): Error {
  const reason = `${response.status} ${readStatus(response).message}`;
  return fault("SLUICE_SHADOW_RUNS", { resource, reason, account });
}
