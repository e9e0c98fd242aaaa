/** Follows the runs that deliveries made: what the cluster tells of them goes into the ledger, and is stated once. */

import { asFault, type SluiceError } from "../../core/errors.ts";
import type { Tell } from "../../core/fact.ts";
import type { Ledger } from "../../core/ledger.ts";
import type { RunName } from "../../core/progress.ts";
import type { Api, Change, Reflector, ReflectorLimits } from "../../kubernetes/index.ts";
import { createReflector, createWork, versionPath, type Worked } from "../../kubernetes/index.ts";
import type { InProgress } from "./in-progress.ts";
import { lookAt } from "./look.ts";
import type { SeenRun } from "./read.ts";
import { FOLLOWED, readRun, SELECTOR } from "./read.ts";
import { createStatement } from "./statement.ts";

export interface FollowerNeeds {
  readonly api: Api;
  /** What the ledger calls this cluster: `where` of the runs that were created here. */
  readonly where: string;
  readonly ledger: Pick<Ledger, "follow" | "running" | "find">;
  readonly tell: Tell;
  readonly inProgress: InProgress;
  /** Undefined: all. */
  readonly namespaces?: readonly string[];
  /** What operators call the cluster, where it is not the gateway's own. */
  readonly cluster?: string;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  readonly limits?: Partial<ReflectorLimits>;
  /** Milliseconds before what could not be told is told again. */
  readonly firstMs?: number;
}

/** Some eight minutes, until a run's attempt must be recorded. */
const TRIES = 12;

/** A run of the cluster; `gone` when the watch no longer shows it. */
interface Known extends SeenRun {
  readonly gone?: true;
}

/**
 * Follows until the signal says otherwise, then resolves; after the signal nothing is begun.
 *
 * Starts and ends are stated once, whoever follows: the ledger knows whether one is new. Of a gateway that dies between
 * the ledger's answer and its statement, that one is missing in the metrics; nothing is ever counted twice.
 */
export async function followRuns(needs: FollowerNeeds, signal: AbortSignal): Promise<void> {
  const { api, ledger, tell, namespaces } = needs;
  const runs = new Map<string, Known>();
  const state = createStatement(needs);
  const { firstMs } = needs;
  const queue = createWork({ work, signal, tries: TRIES, ...(firstMs !== undefined && { firstMs }) });

  /** What a server or the store has no time for is tried again; a defect would be one every time. */
  async function work(key: string): Promise<Worked> {
    try {
      return await tellOf(key);
    } catch (thrown) {
      const error = asFault(thrown);
      if (error.code !== "SLUICE_INTERNAL") throw error;
      tell({ type: "defect", where: "follow", error });
      return "never";
    }
  }

  async function tellOf(key: string): Promise<Worked> {
    const run = runs.get(key);
    if (run === undefined) return "never";
    if (run.gone !== true) return state.seen(key, run);
    const told = await lookAgain(key, run);
    if (told !== "later" && runs.get(key) === run) runs.delete(key);
    return told;
  }

  /** The watch no longer shows it: deleted, or no longer labelled as ours. */
  async function lookAgain(key: string, { delivery, run, createdAt }: Known): Promise<Worked> {
    if (state.isOver(key, delivery)) return state.forget(key);
    const found = await lookAt(api, run);
    if (found.outcome === "gone") return state.deleted(key, { delivery, run, createdAt });
    if (found.outcome === "there") await state.seen(key, { delivery, run, ...found.seen });
    return state.forget(key);
  }

  function follow(kind: string, path: string): Reflector {
    return createReflector<SeenRun | undefined>({
      ...{ api, path, labelSelector: SELECTOR, read: readRun },
      ...(needs.limits !== undefined && { limits: needs.limits }),
      onChanges: (changes) => {
        for (const change of changes) take(keyOf({ kind, ...change }), change);
      },
      onAway: (error) => away(path, error),
      onBack: () => tell({ type: "cluster.mended", what: following(path) }),
    });
  }

  function take(key: string, change: Change<SeenRun | undefined>): void {
    const known = runs.get(key);
    if (change.type === "changed" && change.item !== undefined) runs.set(key, change.item);
    else if (change.type === "gone" && known !== undefined) runs.set(key, { ...known, gone: true });
    else return;
    queue.add(key);
  }

  function following(path: string): string {
    return needs.cluster === undefined
      ? `following ${path}`
      : `following ${path} of cluster ${needs.cluster}`;
  }

  function away(path: string, error: SluiceError): void {
    // A cluster without Tekton Pipelines has no runs to follow.
    if (error.code !== "SLUICE_WATCH_ABSENT") tell({ type: "cluster.trouble", what: following(path), error });
  }

  /** Runs that ended while nobody followed, and are gone: once for each term. */
  async function findLost(): Promise<void> {
    let cursor: string | undefined;
    do {
      const page = await ledger.running({ limit: 200, ...(cursor !== undefined && { cursor }) });
      for (const open of page.items) {
        const key = keyOf(open.run);
        if (runs.has(key) || !(namespaces?.includes(open.run.namespace) ?? true)) continue;
        runs.set(key, { ...open, createdAt: 0, progress: undefined, gone: true });
        queue.add(key);
      }
      cursor = page.next;
    } while (cursor !== undefined && !signal.aborted);
  }

  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const reflectors = FOLLOWED.flatMap(({ apiVersion, kind, plural }) =>
    (namespaces ?? [undefined]).map((namespace) => {
      const within = namespace === undefined ? "" : `/namespaces/${namespace}`;
      return follow(kind, `${versionPath(apiVersion)}${within}/${plural}`);
    }),
  );
  const listed = Promise.all(reflectors.map(({ synced }) => synced));
  listed.then(findLost).catch(() => undefined);
  await ended;
  for (const reflector of reflectors) reflector.close();
  await queue.idle();
  for (const key of runs.keys()) state.forget(key);
}

function keyOf({ kind, namespace, name }: RunName): string {
  return `${kind} ${namespace}/${name}`;
}
