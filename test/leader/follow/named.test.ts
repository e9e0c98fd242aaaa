/** Runs of a cluster that operators named: followed as soon as its kubeconfig leads there, and when it rotates. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fault } from "../../../src/core/errors.ts";
import type { Fact } from "../../../src/core/fact.ts";
import type { ClusterSource } from "../../../src/kubernetes/cluster.ts";
import { createInProgress } from "../../../src/leader/follow/in-progress.ts";
import { followNamed } from "../../../src/leader/follow/named.ts";
import { attemptOf, jobsIn, newDelivery, runOf } from "../../storage/ledger/samples.ts";
import { openBench, status } from "./bench.ts";

test("a kubeconfig that is broken, then rotated: each is told once, and nothing of the runs is lost", async () => {
  await using t = await openBench();
  const entry = newDelivery({ decided: "m" });
  const [job] = jobsIn(entry);
  assert.ok(job);
  const run = { ...runOf(job), where: `edge ${t.server.url}` };
  await t.ledger.accept(entry);
  await t.ledger.attempt(job, { ...attemptOf(job, 1, "done"), runs: [run] });
  const put = (now: object) => {
    const { apiVersion, kind, namespace, name } = run;
    const labels = { "triggers.tekton.dev/triggers-eventid": job.delivery };
    t.server.put({ apiVersion, kind, metadata: { namespace, name, labels }, status: now });
  };
  put(status("Unknown", "Running"));

  const facts: Fact[] = [];
  const told = (type: Fact["type"]) => facts.filter((fact) => fact.type === type).length;
  const stop = new AbortController();
  const text = readFileSync(t.kubeconfig, "utf8");
  let source: (() => ClusterSource) | undefined;
  let reads = 0;
  const done = followNamed(
    {
      ...{ cluster: "edge", ledger: t.ledger, inProgress: createInProgress(), everyMs: 10, firstMs: 5 },
      apiLimits: { timeoutMs: 2_000, maxBytes: 1_000_000 },
      limits: { firstMs: 5, longestMs: 20, slowMs: 20 },
      tell: (fact) => void facts.push(fact),
      async read() {
        reads++;
        if (source === undefined) throw fault("SLUICE_CREATE_UNREACHABLE", { reason: "not there yet" });
        return source();
      },
    },
    stop.signal,
  );
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise(setImmediate);
  };
  await until(() => reads > 3);
  assert.deepEqual(
    facts.map(({ type }) => type),
    ["cluster.trouble"],
  );
  source = () => ({ given: { text, from: "Secret ci/edge" } });
  await until(() => told("run.started") === 1);
  assert.equal(told("cluster.mended"), 1);
  source = () => ({ given: { text: "apiVersion: v1", from: "Secret ci/edge" } });
  await until(() => told("cluster.trouble") === 2);
  put(status("True", "Succeeded"));
  await until(() => told("run.finished") === 1);
  stop.abort();
  await done;
});
