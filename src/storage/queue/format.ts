/** How a job stands in the queue: in an envelope with a version, so that two versions of Sluice can share a store. */

import type { Job } from "../../core/job.ts";

/** Grows when a worker of the version before could not make sense of the job. */
export const FORMAT = 1;

/** A job, and how many of its starts were no attempts: it was handed back untried. */
export interface Envelope {
  readonly v: typeof FORMAT;
  readonly job: Job;
  readonly unspent?: number;
}

export function envelope(job: Job, unspent = 0): Envelope {
  return { v: FORMAT, job, ...(unspent > 0 && { unspent }) };
}

/**
 * Opens what the queue held.
 *
 * @returns the version alone where it is newer than this program: somebody else's to handle.
 */
export function openEnvelope(
  data: unknown,
): { readonly job: Job; readonly unspent: number } | { readonly newer: number } {
  const { v = 0, job, unspent = 0 } = data as Partial<Envelope>;
  if (v > FORMAT) return { newer: v };
  // Before there were versions, the job stood there bare.
  return v === 0 ? { job: data as Job, unspent: 0 } : { job: job as Job, unspent };
}
