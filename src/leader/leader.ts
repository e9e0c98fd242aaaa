/** What one gateway of many does in the cluster: it follows the runs, and tells listeners where they are served. */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Settings } from "../config/index.ts";
import { asFault, fault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { Ledger } from "../core/ledger.ts";
import type { Plans, VisiblePlan } from "../core/plan.ts";
import { clusterAt } from "../dispatch/create/index.ts";
import {
  createApi,
  createDiscovery,
  createEvents,
  createLease,
  createSession,
  isClusterKnown,
  loadCluster,
  ownNamespace,
} from "../kubernetes/index.ts";
import { clusterDomain } from "./announce/address.ts";
import { announceListeners } from "./announce/announcer.ts";
import { followRuns } from "./follow/follower.ts";
import type { InProgress } from "./follow/in-progress.ts";
import { followNamed } from "./follow/named.ts";

export interface LeadNeeds {
  readonly settings: Settings;
  readonly ledger: Ledger;
  readonly plans: Pick<Plans, "find">;
  readonly visible?: VisiblePlan;
  readonly inProgress: InProgress;
  readonly tell: Tell;
  /** Milliseconds since the epoch, for the times of runs. */
  readonly clock?: () => number;
}

/** A page of large objects takes its time. */
const LISTS = { timeoutMs: 30_000, maxBytes: 16 * 1024 * 1024 };
/** Shorter than the Lease's deadline, so that a request which hangs is tried again within it. */
const LEASES = { timeoutMs: 4_000, maxBytes: 1024 * 1024 };
const LEASE_NAME = "sluice-leader";

/**
 * Asks to lead, where there is something to do; whoever leads does both.
 *
 * @returns undefined where neither is wanted.
 * @throws SluiceError SLUICE_CONFIG_INVALID for settings that cannot be together, and when no cluster is known.
 */
export function openLead(needs: LeadNeeds): { close(): Promise<void> } | undefined {
  const { settings, tell } = needs;
  const follows = wantsRuns(settings);
  // What decides for a trial serves nobody.
  const announces = settings.fromCluster && settings.announce !== "none" && settings.create !== "dry-run";
  if (!follows && !announces) return undefined;
  const { kubeconfig, namespaces: named, announce, gatewayService: service, publicUrl } = settings;
  if (announces && announce === "services" && service === undefined) {
    const reason = "services lead to the gateways' own Service: name it with --gateway-service";
    throw fault("SLUICE_CONFIG_INVALID", { key: "announce", reason });
  }
  const config = loadCluster({ kubeconfig });
  const session = createSession(() => loadCluster({ kubeconfig }));
  const api = createApi(session, LISTS);
  const identity = `${hostname()}_${randomUUID()}`;
  const namespaces = named.length > 0 ? { namespaces: named } : {};
  const where = session.server.href.replace(/\/$/, "");
  const places = {
    domain: clusterDomain(resolvConf()),
    ...(service !== undefined && { service }),
    ...(publicUrl !== undefined && { publicUrl }),
  };

  async function lead(signal: AbortSignal): Promise<void> {
    tell({ type: "leader.changed", lease, leading: true });
    const work: Promise<void>[] = [];
    if (follows) {
      work.push(followRuns({ ...needs, ...namespaces, api, where }, signal));
      for (const [cluster, { kubeconfig: there }] of settings.clusters) {
        const read = () => clusterAt(there, api);
        work.push(followNamed({ ...needs, ...namespaces, cluster, read, apiLimits: LISTS }, signal));
      }
    }
    if (announces) {
      const events = createEvents({ api, instance: identity });
      const services = announce === "services";
      const installation = place.namespace;
      const told = { api, events, places, services, installation, discovery: createDiscovery(api) };
      work.push(announceListeners({ ...needs, ...namespaces, ...told }, signal));
    }
    for (const each of await Promise.allSettled(work)) {
      if (each.status === "rejected") tell({ type: "defect", where: "lead", error: asFault(each.reason) });
    }
    tell({ type: "leader.changed", lease, leading: false });
  }

  const place = { namespace: settings.leaseNamespace ?? ownNamespace(config), name: LEASE_NAME };
  const lease = `${place.namespace}/${place.name}`;
  const held = createLease({
    ...{ ...place, identity, lead },
    api: createApi(session, LEASES),
    onTrouble(error) {
      const what = `Lease ${lease}`;
      tell(error === undefined ? { type: "cluster.mended", what } : { type: "cluster.trouble", what, error });
    },
  });
  return {
    async close() {
      await held.close();
      session.close();
    },
  };
}

/** Runs can be followed where objects are created in the cluster that we speak to. */
function wantsRuns({ followRuns: wanted, fromCluster, create, kubeconfig }: Settings): boolean {
  const there = create === "kubernetes" || (create === "auto" && isClusterKnown({ kubeconfig }));
  if (wanted === "on" && !there) {
    const reason =
      "there are runs to follow only where objects are created in a cluster: --create kubernetes";
    throw fault("SLUICE_CONFIG_INVALID", { key: "followRuns", reason });
  }
  return wanted === "on" || (wanted === "auto" && fromCluster && there);
}

function resolvConf(): string {
  try {
    return readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    return "";
  }
}
