/** One call for many changes: whoever applies a file changes many objects at once. */

/** Milliseconds of quiet after which changes are one change. */
const QUIET_MS = 20;
/** Whoever never stops changing is heard after this many milliseconds all the same. */
const LONGEST_MS = 200;

export interface Notice {
  give(): void;
  /** Takes back what was given and not told yet. */
  drop(): void;
  close(): void;
}

/** Calls once for all that is given within a short time. */
export function createNotice(call: () => void): Notice {
  let since: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const drop = (): void => {
    clearTimeout(timer);
    since = undefined;
  };

  return {
    give() {
      if (closed) return;
      const now = performance.now();
      since ??= now;
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          since = undefined;
          call();
        },
        Math.max(0, Math.min(QUIET_MS, since + LONGEST_MS - now)),
      );
    },
    drop,
    close() {
      closed = true;
      drop();
    },
  };
}
