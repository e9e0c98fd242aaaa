/** Follows the runs of a cluster that operators named, as soon as its kubeconfig leads there. */

import { setTimeout as wait } from "node:timers/promises";
import { asFault } from "../../core/errors.ts";
import type { ApiLimits, ClusterSource } from "../../kubernetes/index.ts";
import { createApi, createSession, loadCluster } from "../../kubernetes/index.ts";
import { type FollowerNeeds, followRuns } from "./follower.ts";

export interface NamedNeeds extends Omit<FollowerNeeds, "api" | "where"> {
  readonly cluster: string;
  /** Reads what leads to the cluster. @throws SluiceError when it cannot be read. */
  readonly read: () => Promise<ClusterSource>;
  readonly apiLimits: ApiLimits;
  /** Milliseconds between two looks at the kubeconfig: it may rotate, or come later than we. */
  readonly everyMs?: number;
}

/** Follows until the signal says otherwise, then resolves. */
export async function followNamed(needs: NamedNeeds, signal: AbortSignal): Promise<void> {
  const { cluster, read, tell, everyMs = 30_000 } = needs;
  const what = `following the runs of cluster ${cluster}`;
  let source: ClusterSource | undefined;
  let troubled = false;

  async function look(): Promise<void> {
    try {
      const found = await read();
      // Whether it leads anywhere shows now, and not at a moment when nobody could be told.
      loadCluster(found);
      source = found;
      if (troubled) tell({ type: "cluster.mended", what });
      troubled = false;
    } catch (thrown) {
      // What led there before may still do.
      if (!troubled) tell({ type: "cluster.trouble", what, error: asFault(thrown) });
      troubled = true;
    }
  }

  async function keepLooking(): Promise<void> {
    while (!signal.aborted) {
      await wait(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (!signal.aborted) await look();
    }
  }

  while (!signal.aborted && source === undefined) {
    await look();
    if (source === undefined) await wait(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
  if (signal.aborted) return;
  // Asked again by the session whenever the server refuses the credentials.
  const session = createSession(() => loadCluster(source ?? {}));
  const where = `${cluster} ${session.server.href.replace(/\/$/, "")}`;
  const api = createApi(session, needs.apiLimits);
  await Promise.all([followRuns({ ...needs, api, where }, signal), keepLooking()]);
  session.close();
}
