/** Where the kinds of Tekton Triggers are served: the newest version that a cluster has of each. */

import type { Api, Discovery } from "../../kubernetes/index.ts";
import { notServed, refusal, versionPath } from "../../kubernetes/index.ts";
import { SERVED, TEKTON_GROUP } from "../admit.ts";
import type { Kind } from "./objects.ts";

export interface Served {
  /**
   * The path of a kind's collection, in one namespace or in all of them.
   *
   * @throws SluiceError SLUICE_WATCH_ABSENT when the cluster serves no version of it, and as {@link Api.send}.
   */
  path(kind: Kind, namespace: string | undefined): Promise<string>;
}

/** What discovery said is asked again after this many milliseconds, however many collections begin anew. */
const FRESH_MS = 10_000;

/** @param clock milliseconds, never going back. */
export function createServed(
  api: Api,
  discovery: Discovery,
  clock = (): number => performance.now(),
): Served {
  const asked = new Map<string, number>();

  /** A collection begins anew where it was refused: the version may have gone. */
  function refresh(apiVersion: string): void {
    const before = asked.get(apiVersion);
    if (before !== undefined && clock() < before + FRESH_MS) return;
    asked.set(apiVersion, clock());
    discovery.forget(apiVersion);
  }

  return {
    async path(kind, namespace) {
      for (const version of SERVED[kind]) {
        const apiVersion = `${TEKTON_GROUP}/${version}`;
        refresh(apiVersion);
        const found = await discovery.find(apiVersion, kind);
        const base = versionPath(apiVersion);
        if (found.outcome === "refused") throw refusal(base, found.response, api.account).error;
        if (found.outcome === "missing") continue;
        const inside = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
        return `${base}${inside}/${found.resource.name}`;
      }
      throw notServed(`${kind} of ${TEKTON_GROUP}`);
    },
  };
}
