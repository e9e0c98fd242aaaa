/** Recent jobs: given back once, as they were; not those that a person reopened, nor large ones, nor old ones. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CreateJob } from "../../src/core/job.ts";
import { createRecentJobs } from "../../src/core/recent-jobs.ts";
import { decisionsFor, newDelivery } from "../ledger/samples.ts";

function newJob(): CreateJob {
  const [decision] = decisionsFor(newDelivery().delivery, "m");
  assert.ok(decision?.job);
  return decision.job;
}

test("a job is given back once, as it was queued", () => {
  const recent = createRecentJobs();
  const job = newJob();
  recent.keep([job], 100);
  assert.equal(recent.take({ ...job, objects: [], serviceAccount: "admin" }), job);
  assert.equal(recent.take(job), undefined);
});

test("of a job that was reopened the store knows more", () => {
  const recent = createRecentJobs();
  const job = newJob();
  recent.keep([job], 100);
  assert.equal(recent.take({ ...job, reopened: { at: 1, attempts: 3 } }), undefined);
  assert.equal(recent.take(job), undefined);
});

test("the oldest make room, and large ones are not kept", () => {
  const recent = createRecentJobs();
  const jobs = Array.from({ length: 300 }, newJob);
  for (const job of jobs) recent.keep([job], 100);
  assert.equal(recent.take(jobs[0] as CreateJob), undefined);
  assert.equal(recent.take(jobs[299] as CreateJob), jobs[299]);
  const large = newJob();
  recent.keep([large], 1024 * 1024);
  assert.equal(recent.take(large), undefined);
});
