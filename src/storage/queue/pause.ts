/** The pause of a queue: a flag of BullMQ's that every worker reads, and beside it who set it, when and why. */

import type { QueueState } from "../../core/queue.ts";

export type PauseNote = NonNullable<QueueState["note"]>;

export interface Pause {
  pause(note: PauseNote): Promise<void>;
  resume(): Promise<void>;
  state(): Promise<QueueState>;
}

/** The part of BullMQ's Queue that pausing needs. */
export interface PausableQueue {
  pause(): Promise<void>;
  resume(): Promise<void>;
  getBackend(): {
    setQueueMeta(values: Record<string, string | number>): Promise<unknown>;
    getQueueMetaFields(fields: string[]): Promise<(string | null)[]>;
    removeQueueMetaFields(fields: string[]): Promise<unknown>;
  };
}

const NOTE = "sluice-pause";

/**
 * Pauses for every worker on the storage, and across restarts: jobs are taken in, those in hand are finished, none is
 * handed out. A second pause replaces the note of the first.
 */
export function createPause(queue: PausableQueue): Pause {
  const meta = queue.getBackend();
  return {
    // The note goes first and comes back last: a crash between the two leaves no pause that nobody can explain.
    async pause(note) {
      await meta.setQueueMeta({ [NOTE]: JSON.stringify(note) });
      await queue.pause();
    },
    async resume() {
      await queue.resume();
      await meta.removeQueueMetaFields([NOTE]);
    },
    async state() {
      const [paused, note] = await meta.getQueueMetaFields(["paused", NOTE]);
      if (typeof paused !== "string") return { paused: false };
      return { paused: true, ...(typeof note === "string" && { note: JSON.parse(note) as PauseNote }) };
    },
  };
}
