/** Waiting, but not for ever. */

/**
 * Waits for work for a limited time. The work itself goes on: whoever started it ends it, or lets it be.
 *
 * @param limitMs milliseconds.
 * @param late makes what stands for the work that took longer; may throw.
 * @throws what the work throws in time, and what `late` throws.
 */
export async function within<T, L>(work: Promise<T>, limitMs: number, late: () => L): Promise<T | L> {
  const over = Promise.withResolvers<typeof LATE>();
  const timer = setTimeout(() => over.resolve(LATE), limitMs);
  try {
    const first = await Promise.race([work, over.promise]);
    return first === LATE ? late() : first;
  } finally {
    clearTimeout(timer);
  }
}

const LATE = Symbol("late");
