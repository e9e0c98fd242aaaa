/** A yardstick: what a fixed piece of work costs on this machine at this moment, so that runs can be compared. */

import { createHmac } from "node:crypto";

const ROUNDS = 20;
const ROUND_CALLS = 200;

/**
 * CPU of proving and reading one body, without any of our code: an HMAC over it, and JSON.parse. Shared machines gave
 * numbers up to twice apart for it within an hour; what is measured beside it can be read as so many of these.
 *
 * @returns µs of CPU, user and system: the median of {@link ROUNDS} rounds.
 */
export function yardstick(body: string): number {
  const bytes = Buffer.from(body);
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < ROUND_CALLS; i++) {
      createHmac("sha256", "key").update(bytes).digest();
      JSON.parse(bytes.toString("utf8"));
    }
    const { user, system } = process.cpuUsage(before);
    rounds.push((user + system) / ROUND_CALLS);
  }
  return rounds.sort((a, b) => a - b)[ROUNDS / 2] as number;
}
