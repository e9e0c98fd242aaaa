/** Limits the bytes of all large bodies that are read in one turn of the event loop, so that other requests get theirs. */

/** What can be told to wait: a stream that is read. */
export interface Paced {
  pause(): unknown;
  resume(): unknown;
}

export interface ReadPace {
  /** Counts bytes that were read of a body; once a turn's bytes are spent, the stream is paused until a later turn. */
  took(from: Paced, bytes: number): void;
}

/** Copying and hashing so many takes some milliseconds at worst. Without this limit a turn reads 2 MiB of each connection. */
const BYTES_PER_TURN = 256 * 1024;
/** A stream brings up to so many bytes before it can be paused again. */
const BYTES_PER_CHUNK = 64 * 1024;

/** Makes the pace; one for a process, since the event loop is. */
export function createReadPace(perTurn = BYTES_PER_TURN): ReadPace {
  /** In the order in which they were paused. */
  const waiting = new Set<Paced>();
  let left = perTurn;
  let counting = false;

  function turn(): void {
    left = perTurn;
    counting = waiting.size > 0;
    if (counting) setImmediate(turn);
    let room = Math.max(1, Math.floor(perTurn / BYTES_PER_CHUNK));
    for (const stream of waiting) {
      if (room-- === 0) return;
      waiting.delete(stream);
      stream.resume();
    }
  }

  return {
    took(from, bytes) {
      left -= bytes;
      if (!counting) setImmediate(turn);
      counting = true;
      if (left > 0 || waiting.has(from)) return;
      waiting.add(from);
      from.pause();
    },
  };
}
