/** One of many leads: through ends, kills, thefts, wrong clocks, and a server that is away. */

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import type { SluiceError } from "../../src/core/errors.ts";
import { createApi } from "../../src/kubernetes/api.ts";
import { createLease, type Lease, type LeaseNeeds } from "../../src/kubernetes/lease.ts";
import { openTestServer } from "../helpers/cluster.ts";
import { NODE, start } from "../helpers/process.ts";
import { NAME, TIMINGS } from "./lease-timing.ts";

async function open() {
  const cluster = await openTestServer({ namespaces: ["sluice"] });
  const { server, session, kubeconfig } = cluster;
  const api = createApi(session, { timeoutMs: 300, maxBytes: 100_000 });
  const said = new EventEmitter();
  const heard: string[] = [];
  const leases: Lease[] = [];
  const say = (word: string): void => {
    heard.push(word);
    said.emit("said");
  };
  return {
    ...{ server, kubeconfig, heard, say },
    /** A gateway that says `a+` when it leads and `a-` when it no longer does. */
    candidate(identity: string, options: Partial<LeaseNeeds> = {}): Lease {
      const lease = createLease({
        ...{ ...NAME, api, identity, timing: TIMINGS.quick },
        async lead(signal) {
          say(`${identity}+`);
          if (!signal.aborted) await once(signal, "abort");
          say(`${identity}-`);
        },
        onTrouble: (error: SluiceError | undefined) => say(error?.code ?? "mended"),
        ...options,
      });
      leases.push(lease);
      return lease;
    },
    async until(wanted: string | ((heard: readonly string[]) => boolean)) {
      const holds = () => (typeof wanted === "string" ? heard.includes(wanted) : wanted(heard));
      while (!holds()) await once(said, "said");
    },
    spec: () => server.objects("Lease")[0]?.["spec"] as Record<string, unknown>,
    put(spec: object) {
      const metadata = { ...NAME };
      server.put({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec });
    },
    /** Resolves when the Lease was asked for this many times more. */
    async asked(times: number) {
      const count = () => server.requests.filter(({ method }) => method === "GET").length;
      for (const before = count(); count() < before + times; ) await new Promise(setImmediate);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(leases.map((lease) => lease.close()));
      await cluster[Symbol.asyncDispose]();
    },
  };
}

test("of many that ask at once one leads, and the next one when it ends", async () => {
  await using t = await open();
  // A busy machine may answer late, and that is told as trouble: here the order of terms counts.
  const timing = TIMINGS.calm;
  const leases = ["a", "b", "c", "d", "e"].map((identity) => t.candidate(identity, { timing }));
  for (let i = 1; i <= leases.length; i++) {
    await t.until((heard) => heard.filter((word) => word.endsWith("+")).length === i);
    const leading = leases.filter((lease) => lease.leading);
    assert.equal(leading.length, 1);
    await leading[0]?.close();
    assert.equal(t.spec()["holderIdentity"], "");
  }
  // Nobody begins before the one before has ended.
  const terms = t.heard.filter((word) => /^\w[+-]$/.test(word));
  const identities = terms.filter((_, i) => i % 2 === 0).map((word) => word[0]);
  assert.deepEqual(
    terms,
    identities.flatMap((identity) => [`${identity}+`, `${identity}-`]),
  );
  assert.equal(new Set(identities).size, 5);
  assert.equal(t.spec()["leaseTransitions"], 4);
});

test("a leader that is killed is succeeded when its time is over, and not before", async () => {
  await using t = await open();
  const holder = join(import.meta.dirname, "lease-holder.ts");
  const killed = await start(NODE, [holder, t.kubeconfig, "killed", "quick"], (line) => line === "leads");
  t.candidate("heir");
  await t.asked(3);
  await killed.kill();
  const { holderIdentity, renewTime } = t.spec();
  assert.equal(holderIdentity, "killed");
  await t.until("heir+");
  const waited = Date.now() - Date.parse(String(renewTime));
  assert.ok(waited >= TIMINGS.quick.duration, `took over ${waited} ms after the last renewal`);
  assert.equal(t.spec()["holderIdentity"], "heir");
});

test("a leader that was frozen while another took over ends as soon as it is thawed", async () => {
  await using t = await open();
  const holder = join(import.meta.dirname, "lease-holder.ts");
  const frozen = await start(NODE, [holder, t.kubeconfig, "frozen", "quick"], (line) => line === "leads");
  frozen.child.stdout?.on("data", (text: Buffer) => t.say(String(text).trim()));
  t.candidate("heir");
  await t.asked(3);
  frozen.child.kill("SIGSTOP");
  await t.until("heir+");
  frozen.child.kill("SIGCONT");
  await t.until((heard) => heard.some((words) => words.includes("ends")));
  await t.asked(3);
  assert.equal(t.spec()["holderIdentity"], "heir");
  await frozen.kill();
});

test("two processes never lead at once while both live", async () => {
  await using t = await open();
  const holder = join(import.meta.dirname, "lease-holder.ts");
  const first = await start(NODE, [holder, t.kubeconfig, "first", "calm"], (line) => line === "leads");
  const heir = t.candidate("heir", { timing: TIMINGS.calm });
  await t.asked(40);
  assert.equal(heir.leading, false);
  assert.equal(t.spec()["holderIdentity"], "first");
  await first.stop();
});

test("a leader that cannot renew ends by its deadline, before anybody else may begin", async () => {
  await using t = await open();
  t.candidate("a");
  await t.until("a+");
  await t.server.stop();
  await t.until("SLUICE_CREATE_UNREACHABLE");
  await t.until("a-");
  await t.server.start();
  t.heard.length = 0;
  await t.until("mended");
  await t.until("a+");
});

test("an API server that answers again within the deadline costs nobody his term", async () => {
  await using t = await open();
  const lease = t.candidate("a", { timing: TIMINGS.calm });
  await t.until("a+");
  t.server.fault({ method: "PUT", times: 3, action: { type: "status", status: 503 } });
  await t.until("SLUICE_LEASE");
  await t.until("mended");
  assert.equal(lease.leading, true);
  assert.ok(!t.heard.includes("a-"));
});

test("a Lease that somebody else took ends the term", async () => {
  await using t = await open();
  t.candidate("a");
  await t.until("a+");
  t.put({ ...t.spec(), holderIdentity: "thief", leaseDurationSeconds: 1 });
  await t.until("a-");
  assert.equal(t.spec()["holderIdentity"], "thief");
});

test("nobody's clock is believed: what counts is how long the Lease was seen not to change", async () => {
  await using t = await open();
  let now = 0;
  const old = { holderIdentity: "x", leaseDurationSeconds: 15, renewTime: "2001-01-01T00:00:00.000000Z" };
  t.put(old);
  const lease = t.candidate("a", { clock: () => now });
  await t.asked(3);
  assert.equal(lease.leading, false, "its holder may live where the clocks are 25 years behind");
  now = 14_999;
  t.put({ ...old, renewTime: "2001-01-01T00:00:02.000000Z" });
  await t.asked(3);
  now += 14_999;
  await t.asked(3);
  assert.equal(lease.leading, false, "it was renewed");
  t.put({ ...old, renewTime: "2101-01-01T00:00:00.000000Z" });
  await t.asked(3);
  now += 15_000;
  await t.until("a+");
});

test("a Lease of nonsense is taken, one that claims to last for ever is not believed", async () => {
  await using t = await open();
  let now = 0;
  t.put({ holderIdentity: "x", leaseDurationSeconds: 2 ** 31, renewTime: 7 });
  t.candidate("a", { clock: () => now });
  await t.asked(2);
  now = 600_000;
  await t.until("a+");
  assert.equal(t.spec()["holderIdentity"], "a");
});

test("what is missing or forbidden is told once, with what to grant", async () => {
  await using t = await open();
  const troubles: SluiceError[] = [];
  t.server.fault({ path: "leases", times: 5, action: { type: "status", status: 403 } });
  t.candidate("a", {
    onTrouble: (error) => {
      if (error !== undefined) troubles.push(error);
      t.say(error === undefined ? "mended" : "told");
    },
  });
  await t.until("mended");
  assert.deepEqual(
    troubles.map(({ code }) => code),
    ["SLUICE_LEASE"],
  );
  assert.match(troubles[0]?.message ?? "", /Lease sluice\/leader .*get: 403/);
  assert.match(troubles[0]?.fix ?? "", /get, create and update of leases .* in sluice/);
});

test("work that fails is told, and the Lease is still given back", async () => {
  await using t = await open();
  const lease = t.candidate("a", { lead: () => Promise.reject(new TypeError("of undefined")) });
  await t.until("SLUICE_INTERNAL");
  await lease.close();
  assert.equal(t.spec()["holderIdentity"], "");
});

test("operators' labels on the Lease stay", async () => {
  await using t = await open();
  const metadata = { ...NAME, labels: { team: "ci" } };
  t.server.put({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec: {} });
  t.candidate("a");
  await t.until("a+");
  assert.equal(t.server.objects("Lease")[0]?.metadata.labels?.["team"], "ci");
});
