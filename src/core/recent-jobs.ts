/** Cache of the jobs that this process queued a moment ago: when one comes back, the store's copy need not be believed. */

import type { CreateJob } from "./job.ts";

export interface RecentJobs {
  /**
   * Keeps jobs for as long as there is room; the oldest go first.
   *
   * @param bytes of their JSON, together: large ones are not kept.
   */
  keep(jobs: readonly CreateJob[], bytes: number): void;
  /**
   * Takes a job out.
   *
   * @returns the job as it was queued; undefined where it is not here, and where the stored one was changed rightly since.
   */
  take(stored: CreateJob): CreateJob | undefined;
}

/** Jobs: more wait only where workers do not keep up, and then the cost of a signature is not what matters. */
const MAX_JOBS = 256;
/** Bytes of the jobs of one delivery; 16 MiB altogether. */
const MAX_BYTES = 64 * 1024;

export function createRecentJobs(): RecentJobs {
  const kept = new Map<string, CreateJob>();
  return {
    keep(jobs, bytes) {
      if (bytes > MAX_BYTES) return;
      for (const job of jobs) kept.set(job.id, job);
      for (const oldest of kept.keys()) {
        if (kept.size <= MAX_JOBS) return;
        kept.delete(oldest);
      }
    },
    take({ id, reopened }) {
      const job = kept.get(id);
      if (job === undefined) return undefined;
      kept.delete(id);
      return reopened === undefined ? job : undefined;
    },
  };
}
