/** What the keys of a store cost: CPU of signing and checking a job and a record, and of encrypting a body. */

import { judgeJob, type StoreKeys, signDecisions } from "../src/core/integrity.ts";
import type { CreateJob } from "../src/core/job.ts";
import { createKeyring } from "../src/core/keyring.ts";
import { factsOf } from "../src/storage/ledger/record.ts";
import { createSeals } from "../src/storage/ledger/sealed.ts";
import { pullRequest } from "../test/helpers/load.ts";
import { decisionsFor, newDelivery } from "../test/storage/ledger/samples.ts";

const ROUNDS = 7;
const TIMES = 5_000;

const keysOf = (encrypt: boolean): StoreKeys => ({
  keyring: createKeyring(["k".repeat(43)]),
  adopt: false,
  encrypt,
});
const keys = keysOf(false);
const entry = newDelivery({ body: Buffer.from(pullRequest()) });
const { delivery } = entry;
const facts = factsOf(entry);
const [decision] = decisionsFor(delivery, "m");
if (decision?.job === undefined) throw new Error("a decision that matched has a job");
const params = Array.from({ length: 12 }, (_, i) => ({ name: `param-${i}`, value: "v".repeat(60) }));
const object = { ...(decision.job.objects[0] as CreateJob["objects"][number]), spec: { params } };
const decisions = [{ ...decision, job: { ...decision.job, objects: [object] } }];
const job = signDecisions(keys, decisions)[0]?.job as CreateJob;

const [bare, signing, encrypting] = [undefined, keys, keysOf(true)].map((one) => createSeals(one));
if (!bare || !signing || !encrypting) throw new Error("three of them");
const store = (seals: typeof bare) => () => {
  const body = seals.body(delivery);
  if (body instanceof Promise) throw new Error("a small body");
  seals.head(delivery, facts, body);
};

const rows: readonly (readonly [string, () => unknown])[] = [
  ["sign a job", () => signDecisions(keys, decisions)],
  ["check a job", () => judgeJob(keys, job)],
  ["store a request, unsigned", store(bare)],
  ["store a request, signed", store(signing)],
  ["store a request, signed and encrypted", store(encrypting)],
];
process.stdout.write(`a job of ${JSON.stringify(job).length} bytes, a body of ${delivery.body.length}\n`);
for (const [name, work] of rows) process.stdout.write(`${name}: ${costOf(work).toFixed(1)} µs\n`);

/** Microseconds of CPU for one call: the median of some rounds. */
function costOf(work: () => unknown): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const from = process.cpuUsage();
    for (let i = 0; i < TIMES; i++) work();
    const { user, system } = process.cpuUsage(from);
    return (user + system) / TIMES;
  });
  return rounds.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number;
}
