/** Work by key, of which only the newest counts: few at once, tried again where that helps, ended at once. */

/** `later` tries it again after a while, `never` and `done` do not. */
export type Worked = "done" | "later" | "never";

export interface Work {
  /** Does the work of a key, soon; what waits under the same key is replaced. */
  add(key: string): void;
  /** Resolves when nothing waits, is being done, or will be tried again; after the signal, when what was begun is done. */
  idle(): Promise<void>;
}

export interface WorkOptions {
  readonly work: (key: string) => Promise<Worked>;
  /** After this nothing is begun. */
  readonly signal: AbortSignal;
  /** How often `later` is believed before a key is given up; what throws is tried without end. */
  readonly tries?: number;
  /** Milliseconds before the second try; each further wait is four times as long, up to a minute. */
  readonly firstMs?: number;
}

/** At once: the ledger has more to do than this. */
const WORKERS = 8;
const LONGEST_MS = 60_000;

export function createWork({ work, signal, tries = 5, firstMs = 500 }: WorkOptions): Work {
  const ready = new Set<string>();
  const busy = new Set<string>();
  const delayed = new Map<string, NodeJS.Timeout>();
  const failures = new Map<string, number>();
  let waiting: (() => void)[] = [];

  function pump(): void {
    for (const key of ready) {
      if (busy.size >= WORKERS) return;
      // One key is not told twice at once; what is new of it follows.
      if (busy.has(key)) continue;
      ready.delete(key);
      busy.add(key);
      void one(key);
    }
    if (busy.size + ready.size + delayed.size > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  }

  async function one(key: string): Promise<void> {
    const came = await work(key).catch((): Worked | "thrown" => "thrown");
    busy.delete(key);
    const failed = (failures.get(key) ?? 0) + 1;
    const again = came === "thrown" || (came === "later" && failed < tries);
    if (again && !signal.aborted && !ready.has(key)) delay(key, failed);
    else if (!again) failures.delete(key);
    pump();
  }

  function delay(key: string, failed: number): void {
    failures.set(key, failed);
    const ms = Math.min(LONGEST_MS, firstMs * 4 ** (failed - 1));
    const timer = setTimeout(() => {
      delayed.delete(key);
      ready.add(key);
      pump();
    }, ms);
    timer.unref();
    delayed.set(key, timer);
  }

  function stop(): void {
    for (const timer of delayed.values()) clearTimeout(timer);
    delayed.clear();
    ready.clear();
    pump();
  }

  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return {
    add(key) {
      if (signal.aborted) return;
      clearTimeout(delayed.get(key));
      delayed.delete(key);
      ready.add(key);
      pump();
    },
    idle() {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      pump();
      return promise;
    },
  };
}
