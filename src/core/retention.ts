/** What a ledger may forget, and when. */

/** What may be forgotten. Pending deliveries never are. */
export interface RetentionPolicy {
  /** Milliseconds since receipt after which a delivery is forgotten; dead ones after `deadAge`. */
  readonly age: number;
  readonly deadAge: number;
  /**
   * Milliseconds since receipt after which a body is forgotten, though the record stays. A dead delivery keeps its body as
   * long as its record, unless it was dropped: who mends the cause on Monday replays what died on Thursday.
   */
  readonly payloadAge: number;
  /** At most so many deliveries, and so many bytes in all; the oldest go first, dead ones last. */
  readonly count?: number;
  readonly bytes?: number;
}
