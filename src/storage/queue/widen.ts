/** Changes how many jobs a BullMQ worker has in hand, at once. */

/** The part of BullMQ's Worker that it takes. */
interface Widenable {
  concurrency: number;
}

/**
 * A worker whose slots are all taken looks at its concurrency only when a job ends; one that is widened because its jobs
 * hang would find out when it no longer matters. So its loop is woken by an empty answer, as the end of a job is one.
 * That queue of answers is BullMQ's own affair (bullmq 6.7.0): should it be gone, the worker finds out when a job ends.
 */
export function widen(worker: Widenable, concurrency: number): void {
  const wider = concurrency > worker.concurrency;
  worker.concurrency = concurrency;
  const answers: unknown = Reflect.get(worker, "mainLoopQueue");
  if (wider && hasAdd(answers)) answers.add(Promise.resolve(undefined));
}

function hasAdd(queue: unknown): queue is { add(answer: Promise<undefined>): void } {
  return typeof queue === "object" && queue !== null && "add" in queue && typeof queue.add === "function";
}
