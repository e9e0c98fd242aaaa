/** A target that refuses while the test wants it to. */

import type { CreateAnswer, Target } from "../../src/core/job.ts";

/** A target that refuses for good while `refusing`, and the names of what it made. */
export function switchedTarget() {
  const state = { refusing: true };
  const made: string[] = [];
  const target: Pick<Target, "create"> = {
    async create({ apiVersion, kind, metadata }): Promise<CreateAnswer> {
      if (state.refusing)
        return { outcome: "failed", retry: "never", code: "SLUICE_CREATE_REFUSED", reason: "no quota" };
      const outcome = made.includes(metadata.name) ? "exists" : "created";
      if (outcome === "created") made.push(metadata.name);
      return { outcome, run: { apiVersion, kind, namespace: "ci", name: metadata.name, where: "", outcome } };
    },
  };
  return { state, made, target };
}
