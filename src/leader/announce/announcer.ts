/** Tells listeners in the cluster where they are served and whether they can fire, for as long as this gateway leads. */

import { asFault, type SluiceError } from "../../core/errors.ts";
import type { Tell } from "../../core/fact.ts";
import type { Discovery, Reflector, ReflectorLimits } from "../../kubernetes/index.ts";
import { createReflector, createWork, notServed, versionPath, type Worked } from "../../kubernetes/index.ts";
import type { SeenListener } from "./listener.ts";
import { readListener } from "./listener.ts";
import type { Known, ReportNeeds } from "./report.ts";
import { report } from "./report.ts";

export interface AnnouncerNeeds extends Omit<ReportNeeds, "settle" | "clock"> {
  readonly discovery: Discovery;
  readonly tell: Tell;
  /** Undefined: all. */
  readonly namespaces?: readonly string[];
  readonly timing?: AnnouncerTiming;
  readonly limits?: Partial<ReflectorLimits>;
}

/** Milliseconds. */
export interface AnnouncerTiming {
  /** {@link ReportNeeds.settle}. */
  readonly settle: number;
  /** All listeners are looked at this often: a plan may have become another one, and a write may have failed. */
  readonly every: number;
}

const TIMING: AnnouncerTiming = { settle: 3_000, every: 5_000 };
const GROUP = "triggers.tekton.dev";
const VERSIONS = ["v1beta1", "v1alpha1"];

/** Announces until the signal says otherwise, then resolves; after the signal nothing is begun. */
export async function announceListeners(needs: AnnouncerNeeds, signal: AbortSignal): Promise<void> {
  const { discovery, tell, namespaces, timing = TIMING } = needs;
  const listeners = new Map<string, Known>();
  /** By the error's code: one right that is missing makes one line, not one for each listener. */
  const troubled = new Map<string, Set<string>>();
  const clock = () => performance.now();
  const reporting = { ...needs, settle: timing.settle, clock };
  const queue = createWork({ work, signal });

  async function work(key: string): Promise<Worked> {
    const known = listeners.get(key);
    try {
      const told = known && (await report(reporting, known));
      // It may have changed meanwhile: what was told of the one before holds, what was seen of it does not.
      const latest = listeners.get(key);
      if (told && latest) listeners.set(key, latest === known ? told : { ...told, seen: latest.seen });
      mended(key);
    } catch (thrown) {
      trouble(key, asFault(thrown));
      throw thrown;
    }
    return "done";
  }

  function trouble(key: string, error: SluiceError): void {
    const others = troubled.get(error.code) ?? new Set();
    if (others.size === 0) tell({ type: "cluster.trouble", what: "announcing listeners", error });
    troubled.set(error.code, others.add(key));
  }

  const isTroubled = (key: string): boolean => [...troubled.values()].some((keys) => keys.has(key));

  function mended(key: string): void {
    for (const keys of troubled.values()) {
      if (keys.delete(key) && keys.size === 0) tell({ type: "cluster.mended", what: "announcing listeners" });
    }
  }

  async function pathOf(namespace: string | undefined): Promise<string> {
    for (const version of VERSIONS) {
      const apiVersion = `${GROUP}/${version}`;
      const found = await discovery.find(apiVersion, "EventListener");
      if (found.outcome === "missing") continue;
      return `${versionPath(apiVersion)}${namespace === undefined ? "" : `/namespaces/${namespace}`}/eventlisteners`;
    }
    throw notServed(`EventListener of ${GROUP}`);
  }

  function follow(namespace: string | undefined): Reflector {
    return createReflector<SeenListener | undefined>({
      api: needs.api,
      path: () => pathOf(namespace),
      read: (object) => readListener(object, needs.installation),
      ...(needs.limits !== undefined && { limits: needs.limits }),
      onChanges(changes) {
        for (const change of changes) {
          const key = `${change.namespace}/${change.name}`;
          const seen = change.type === "changed" ? change.item : undefined;
          const known = listeners.get(key);
          if (seen === undefined) forget(key);
          // A listener that was made anew under its name is another one.
          else
            listeners.set(key, known?.seen.uid === seen.uid ? { ...known, seen } : { seen, since: clock() });
          queue.add(key);
        }
      },
      onAway: (error) => trouble("watch", error),
      onBack: () => mended("watch"),
    });
  }

  function forget(key: string): void {
    listeners.delete(key);
    mended(key);
  }

  const reflectors = (namespaces ?? [undefined]).map(follow);
  const look = setInterval(() => {
    // What is in trouble is tried again later and later: a right that is missing is not asked for every few seconds.
    for (const key of listeners.keys()) if (!isTroubled(key)) queue.add(key);
  }, timing.every);
  look.unref();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  clearInterval(look);
  for (const reflector of reflectors) reflector.close();
  await queue.idle();
}
