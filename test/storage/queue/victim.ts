/** A process to be killed: enqueues three jobs, takes one, says so, and never finishes it. Argument: the store's URL. */

import { createJob } from "../../contracts/jobs.ts";
import { openQueue } from "./open-queue.ts";

const { queue } = await openQueue(process.argv[2] as string);
await queue.enqueue(["one", "two", "three"].map((id) => createJob({ id })));
await queue.consume(
  (job, attempt) => {
    process.stdout.write(`took ${job.id} ${attempt}\n`);
    return new Promise(() => {});
  },
  { concurrency: 1 },
);
