/** Group commit: what arrives while one write is under way goes out together in the next. */

/**
 * Makes a writer that has one write in flight at a time. A lone call is written at once; under load calls share writes,
 * so that the price of a round trip or an fsync is paid once for many.
 *
 * @param write writes all items or rejects; items of one call are never split between two writes.
 * @param most a write takes further calls until it holds this many items.
 * @returns resolves or rejects with the write that carried the call's items.
 */
export function inBatches<T>(
  write: (items: readonly T[]) => Promise<void>,
  most: number,
): (items: readonly T[]) => Promise<void> {
  interface Call {
    readonly items: readonly T[];
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }
  let waiting: Call[] = [];
  let writing = false;

  const flush = async (): Promise<void> => {
    writing = true;
    while (waiting.length > 0) {
      const { calls, items } = next();
      try {
        await write(items);
        for (const call of calls) call.resolve();
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
    writing = false;
  };

  const next = () => {
    const items: T[] = [];
    let count = 0;
    while (count < waiting.length && (count === 0 || items.length < most)) {
      items.push(...(waiting[count] as Call).items);
      count++;
    }
    const calls = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return { calls, items };
  };

  return (items) => {
    if (items.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      waiting.push({ items, resolve, reject });
      if (!writing) void flush();
    });
  };
}
