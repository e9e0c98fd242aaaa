/** How many jobs this process tried in the last minute, heard from facts. */

import type { Fact } from "../core/fact.ts";

const SLOTS = 60;

/** Counts attempts in sixty slots of a second. @param clock milliseconds. */
export function createRateMeter(clock: () => number = Date.now): {
  tell(fact: Fact): void;
  attemptsPerMinute(): number;
} {
  const slots = Array.from({ length: SLOTS }, () => ({ second: 0, count: 0 }));
  return {
    tell({ type }) {
      if (type !== "job.attempted") return;
      const second = Math.floor(clock() / 1_000);
      const slot = slots[second % SLOTS];
      if (slot === undefined) return;
      if (slot.second !== second) Object.assign(slot, { second, count: 0 });
      slot.count++;
    },
    attemptsPerMinute() {
      const oldest = Math.floor(clock() / 1_000) - SLOTS;
      return slots.reduce((sum, { second, count }) => (second > oldest ? sum + count : sum), 0);
    },
  };
}
