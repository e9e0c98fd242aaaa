/** The memory that requests may take together: bodies that are being read, decided and stored. */

/** One request's part of the budget. */
export interface Share {
  /** Whether so many more bytes would fit now; nothing is taken. */
  fits(bytes: number): boolean;
  /** Takes bytes that have arrived; false when they do not fit, and then none are taken. */
  take(bytes: number): boolean;
  /** Gives everything back; more than once does nothing. */
  release(): void;
}

/**
 * Makes the budget. What a sender announces takes nothing: else a few that announce much and send little would keep
 * everybody out.
 *
 * @param limit bytes of all bodies in hand.
 * @returns opens the share of a request.
 */
export function createBudget(limit: number): () => Share {
  let held = 0;
  return () => {
    let own = 0;
    const fits = (bytes: number): boolean => held + bytes <= limit;
    return {
      fits,
      take(bytes) {
        if (!fits(bytes)) return false;
        held += bytes;
        own += bytes;
        return true;
      },
      release() {
        held -= own;
        own = 0;
      },
    };
  };
}
