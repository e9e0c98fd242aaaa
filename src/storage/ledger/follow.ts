/** What both drivers make of a run's progress: the text that is stored, and what is new by it. */

import type { Followed, OpenRun, RunProgress } from "../../core/progress.ts";
import { LINE_CHARS } from "./limits.ts";
import { clean } from "./text.ts";

/** As JSON; texts of the cluster are cut and cleaned. */
export function progressText({ reason, message, ...progress }: RunProgress): string {
  const texts = {
    ...(reason !== undefined && { reason: clean(reason) }),
    ...(message !== undefined && { message: clean(message, LINE_CHARS) }),
  };
  return JSON.stringify({ ...progress, ...texts });
}

/** @param before the phase that was stored till now; empty when there was none. */
export function followed(before: string, { phase, startedAt }: RunProgress): Followed {
  return {
    started: before === "" && startedAt !== undefined,
    ended: (before === "" || before === "running") && phase !== "running",
  };
}

/** Reads `Kind namespace/name`; undefined for a name that was cut. */
export function openRunOf(delivery: string, name: string): OpenRun | undefined {
  const match = /^(\S+) ([^\s/]*)\/(\S+)$/.exec(name);
  if (match === null) return undefined;
  const [, kind = "", namespace = "", bare = ""] = match;
  return { delivery, run: { kind, namespace, name: bare } };
}
