/** The targets by the settings: the gateway's own, and those of the clusters that operators named. */

import type { ObjectName } from "../../core/delivery.ts";
import { fault } from "../../core/errors.ts";
import { type Target, triggerOf } from "../../core/job.ts";
import { closedTo, type NamedCluster } from "../../core/named-cluster.ts";
import type { Api, ClusterSource, Session } from "../../kubernetes/index.ts";
import {
  createApi,
  createReviews,
  createSession,
  isClusterKnown,
  loadCluster,
} from "../../kubernetes/index.ts";
import { createDirectoryTarget } from "./directory.ts";
import { createDryRunTarget } from "./dry-run.ts";
import { failed } from "./failure.ts";
import type { Identity } from "./identity.ts";
import { createIdentity } from "./identity.ts";
import { createKubernetesTarget } from "./kubernetes.ts";
import { createSecretCluster, readKubeconfig } from "./secret-cluster.ts";

export { createIdentity, type Maker } from "./identity.ts";

const DIRECTORY = "directory:";
const SECRET = "secret:";

export interface TargetSettings {
  /** `auto`, `kubernetes`, `dry-run` or `directory:<dir>`. */
  readonly create: string;
  readonly kubeconfig?: string;
  /** As whom objects are created; auto: as Tekton would where the objects come from a cluster. */
  readonly identity?: "auto" | "gateway" | "tekton";
  readonly fromCluster?: boolean;
  readonly clusters?: ReadonlyMap<string, NamedCluster>;
}

export interface Targets {
  /** For what asks for no cluster. */
  readonly target: Target;
  /** By the name that operators gave them. */
  readonly clusters: ReadonlyMap<string, Target>;
  close(): Promise<void>;
}

/**
 * Opens the targets; nothing is sent before the first use. Where objects are not created in clusters, the named ones
 * stand for folders of their own, or for nothing: a try must not reach them.
 *
 * @throws SluiceError SLUICE_CONFIG_INVALID when a cluster is asked for and none is known.
 */
export function openTargets(settings: TargetSettings): Targets {
  const { create, kubeconfig, clusters: places = new Map<string, NamedCluster>() } = settings;
  if (create === "dry-run") return ofKind(places, () => createDryRunTarget());
  if (create.startsWith(DIRECTORY) || (create === "auto" && !isClusterKnown({ kubeconfig }))) {
    const dir = create.startsWith(DIRECTORY) ? create.slice(DIRECTORY.length) : "runs";
    return ofKind(places, (cluster) =>
      createDirectoryTarget({ dir: cluster === undefined ? dir : `${dir}/${cluster}` }),
    );
  }
  const home = lazyHome({ kubeconfig });
  const identity = identityOf(settings, home.api);
  const targets = ofKind(places, (cluster, place) => {
    if (cluster === undefined) return createKubernetesTarget({ kubeconfig, identity });
    if (!place.startsWith(SECRET)) return createKubernetesTarget({ kubeconfig: place, identity, cluster });
    return createSecretCluster({
      cluster,
      secret: nameIn(place),
      home: home.api(),
      open: (given) => createKubernetesTarget({ given, identity, cluster }),
    });
  });
  return {
    ...targets,
    async close() {
      await targets.close();
      home.close();
    },
  };
}

function ofKind(
  places: ReadonlyMap<string, NamedCluster>,
  open: (cluster: string | undefined, place: string) => Target,
): Targets {
  const target = open(undefined, "");
  const clusters = new Map(
    Array.from(places, ([name, place]) => [name, onlyFor(name, place, open(name, place.kubeconfig))]),
  );
  const close = async () => {
    await Promise.all([target, ...clusters.values()].map((each) => each.close()));
  };
  return { target, clusters, close };
}

/** A job may have been decided under other settings than those in force: the last word is said where it is created. */
function onlyFor(name: string, cluster: NamedCluster, target: Target): Target {
  return {
    ...target,
    async create(object, job) {
      const namespace = closedTo(cluster, job);
      if (namespace === undefined) return target.create(object, job);
      const from = `trigger ${triggerOf(job)}`;
      return failed(fault("SLUICE_CLUSTER_CLOSED", { name, from, namespace }));
    },
  };
}

function identityOf(
  { identity = "auto", fromCluster = false }: TargetSettings,
  home: () => Api,
): Identity | undefined {
  if (identity === "gateway" || (identity === "auto" && !fromCluster)) return undefined;
  // Whoever writes the files could write these grants too; tenants of a cluster could not.
  return createIdentity(fromCluster ? createReviews(home()) : undefined);
}

/** The gateway's own cluster beside the target: for questions to it, opened when there are any. */
function lazyHome(source: ClusterSource): { readonly api: () => Api; readonly close: () => void } {
  let session: Session | undefined;
  let api: Api | undefined;
  return {
    api() {
      session ??= createSession(() => loadCluster(source));
      api ??= createApi(session);
      return api;
    },
    close: () => session?.close(),
  };
}

/**
 * Reads what leads to a cluster that operators named.
 *
 * @param place as in {@link NamedCluster.kubeconfig}. @param home of the cluster that holds Secrets of kubeconfigs.
 * @throws SluiceError as {@link readKubeconfig}.
 */
export async function clusterAt(place: string, home: Api): Promise<ClusterSource> {
  if (!place.startsWith(SECRET)) return { kubeconfig: place };
  const { namespace, name } = nameIn(place);
  const text = await readKubeconfig(home, { namespace, name });
  return { given: { text, from: `Secret ${namespace}/${name}` } };
}

function nameIn(place: string): ObjectName {
  const [namespace = "", name = ""] = place.slice(SECRET.length).split("/");
  return { namespace, name };
}
