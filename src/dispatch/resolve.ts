/** A dead letter whose replay succeeded needs nobody any more: it is dropped, and says by which delivery. */

import type { ObjectName } from "../core/delivery.ts";
import type { CreateJob } from "../core/job.ts";
import type { DeliveryRecord, Ledger } from "../core/ledger.ts";

export interface ResolveNeeds {
  readonly ledger: Pick<Ledger, "drop" | "find">;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Replays of replays that are followed back. */
const LONGEST_CHAIN = 20;

/**
 * Makes the function that is called with each job of a replay whose objects are there.
 *
 * What the replay decides again is resolved once all of the replay is created, and each trigger that had failed of it, by
 * its decision or by its job, has fired now. What was filtered this time is left to a person: that may be what was meant,
 * or a mistake. A replay of a replay resolves both.
 *
 * @returns resolves when it is written down. @throws SluiceError SLUICE_STORE_AWAY.
 */
export function createResolve({ ledger, clock }: ResolveNeeds): (job: CreateJob) => Promise<void> {
  return async ({ delivery: by, replayOf }) => {
    const replay = await ledger.find(by);
    if (replay?.outcome !== "created") return;
    const fired = new Set(replay.jobs.map(({ job }) => nameOf(job.trigger)));
    let id = replayOf;
    for (let length = 0; id !== undefined && length < LONGEST_CHAIN; length++) {
      const dead = await ledger.find(id);
      // What was dropped before stays as its dropper left it.
      if (dead?.outcome !== "dead" || dead.listener.namespace !== replay.listener.namespace) return;
      if (!failedOf(dead).every((name) => fired.has(name))) return;
      const reason = `replayed as ${by}, which succeeded`;
      if (dead.dropped === undefined)
        await ledger.drop(id, { at: clock(), verb: "drop", subject: id, actor: "sluice", reason, by });
      id = dead.replayOf;
    }
  };
}

/** The triggers of which something is to be made good. */
function failedOf({ decisions, jobs }: DeliveryRecord): readonly string[] {
  const failed = decisions.flatMap(({ result, trigger }) => (result === "failed" ? nameOf(trigger) : []));
  return [...failed, ...jobs.flatMap(({ state, job }) => (state === "dead" ? nameOf(job.trigger) : []))];
}

const nameOf = ({ namespace, name }: ObjectName): string => `${namespace}/${name}`;
