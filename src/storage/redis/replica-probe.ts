/** Asks at intervals whether a replica confirms writes again, from the first doubt until one does. */

/** Milliseconds between two probes. */
const EVERY_MS = 250;

export interface ReplicaProbe {
  /** Begins, unless it is under way. */
  start(): void;
  /** Ends it for good. */
  stop(): void;
}

/**
 * Makes the probe.
 *
 * @param probe resolves with true when a replica confirms; one that rejects is asked again.
 * @param confirmed is called once for each {@link ReplicaProbe.start} that had an effect.
 */
export function createReplicaProbe(needs: {
  readonly probe: () => Promise<boolean>;
  readonly confirmed: () => void;
  readonly every?: number;
}): ReplicaProbe {
  const { probe, confirmed, every = EVERY_MS } = needs;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function later(): void {
    timer = setTimeout(async () => {
      const good = await probe().catch(() => false);
      if (stopped) return;
      if (!good) return later();
      timer = undefined;
      confirmed();
    }, every);
    timer.unref();
  }

  return {
    start() {
      if (timer === undefined && !stopped) later();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
