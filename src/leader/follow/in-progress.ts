/** How many runs are in progress, by listener and trigger: known to the gateway that follows them, and to no other. */

import type { CreateJob } from "../../core/job.ts";

export interface InProgressCount {
  readonly job: Pick<CreateJob, "listener" | "trigger">;
  readonly count: number;
}

export interface InProgress {
  /** @param key of the run; adding it twice counts it once. */
  add(key: string, job: InProgressCount["job"]): void;
  remove(key: string): void;
  counts(): readonly InProgressCount[];
}

export function createInProgress(): InProgress {
  const runs = new Map<string, InProgressCount["job"]>();
  return {
    add: (key, { listener, trigger }) => void runs.set(key, { listener, trigger }),
    remove: (key) => void runs.delete(key),
    counts() {
      const found = new Map<string, InProgressCount>();
      for (const job of runs.values()) {
        const { listener, trigger } = job;
        const key = JSON.stringify([listener.namespace, listener.name, trigger.namespace, trigger.name]);
        found.set(key, { job, count: (found.get(key)?.count ?? 0) + 1 });
      }
      return [...found.values()];
    },
  };
}
