/** A cluster with runs, a ledger that made them, and gateways that follow. */

import { EventEmitter, once } from "node:events";
import type { Fact } from "../../../src/core/fact.ts";
import type { CreateJob } from "../../../src/core/job.ts";
import { LABELS } from "../../../src/core/labels.ts";
import type { Ledger } from "../../../src/core/ledger.ts";
import { type Api, createApi } from "../../../src/kubernetes/api.ts";
import { type FollowerNeeds, followRuns } from "../../../src/leader/follow/follower.ts";
import { createInProgress } from "../../../src/leader/follow/in-progress.ts";
import { openStore } from "../../../src/storage/open.ts";
import { openTestServer } from "../../helpers/cluster.ts";
import { startRedis } from "../../helpers/redis.ts";
import { attemptOf, jobsIn, newDelivery, runOf } from "../../storage/ledger/samples.ts";

export const WHERE = "https://cluster";
/** When the samples' runs start and end, as Kubernetes writes times. */
export const TIMES = {
  created: "2026-01-01T00:00:01Z",
  started: "2026-01-01T00:00:04Z",
  ended: "2026-01-01T00:02:04Z",
} as const;

/** Status of a Tekton run. */
export function status(condition: "True" | "False" | "Unknown", reason: string, message = "") {
  const over = condition !== "Unknown" && { completionTime: TIMES.ended };
  const conditions = [{ type: "Succeeded", status: condition, reason, message }];
  return { startTime: TIMES.started, ...over, conditions };
}

export async function openBench() {
  const cluster = await openTestServer({ namespaces: ["ci", "other"] });
  const { server, session, kubeconfig } = cluster;
  const redis = await startRedis();
  const api: Api = createApi(session, { timeoutMs: 2_000, maxBytes: 1_000_000 });
  const store = await openStore(redis.url, { tell: () => undefined });
  const { ledger } = store;
  const following: { stop: () => Promise<void> }[] = [];

  return {
    ...{ server, redis, api, ledger, kubeconfig },
    /** A delivery that made one run, which the cluster has or has not. */
    async made(state?: object, options: { readonly recorded?: false } = {}) {
      const entry = newDelivery({ decided: "m" });
      const [job] = jobsIn(entry) as [CreateJob];
      await ledger.accept(entry);
      const record = () => ledger.attempt(job, attemptOf(job, 1, "done"));
      if (options.recorded !== false) await record();
      const run = runOf(job);
      const put = (status?: object, labels: object = {}) => {
        const { apiVersion, kind, namespace, name } = run;
        const label = { [LABELS.event]: job.delivery, [LABELS.trigger]: job.trigger.name, ...labels };
        const metadata = { namespace, name, labels: label, creationTimestamp: TIMES.created };
        server.put({ apiVersion, kind, metadata, ...(status && { status }) });
      };
      if (state !== undefined) put(state);
      const remove = () => server.remove("PipelineRun", run.namespace, run.name);
      const progress = async () => (await ledger.find(job.delivery))?.jobs[0]?.runs[0]?.progress;
      return { id: job.delivery, job, run, put, remove, record, progress };
    },
    /** A gateway that follows. */
    follow(options: Partial<FollowerNeeds> = {}) {
      const facts: Fact[] = [];
      const said = new EventEmitter();
      const stopped = new AbortController();
      const inProgress = createInProgress();
      const needs: FollowerNeeds = {
        ...{ api, where: WHERE, inProgress, firstMs: 5, limits: { firstMs: 5, longestMs: 20, slowMs: 20 } },
        ledger,
        tell: (fact) => {
          facts.push(fact);
          said.emit("said");
        },
        ...options,
      };
      const done = followRuns(needs, stopped.signal);
      const gateway = {
        facts,
        inProgress,
        told: () => facts.flatMap((fact) => tellsOf(fact)),
        async until(...words: readonly string[]) {
          while (!words.every((word) => gateway.told().includes(word))) await once(said, "said");
        },
        async stop() {
          stopped.abort();
          await done;
        },
      };
      following.push(gateway);
      return gateway;
    },
    /** The ledger as one that is asked for something notices. */
    watched<K extends "follow" | "running" | "find">(method: K, then: () => void): Ledger {
      return {
        ...ledger,
        [method]: async (...args: never) => {
          const answer = await (ledger[method] as (...given: never) => Promise<unknown>)(...args);
          then();
          return answer;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const one of following) await one.stop();
      await store.close();
      await redis[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

function tellsOf(fact: Fact): string[] {
  if (fact.type === "run.started") return [`${fact.run.name} started`];
  if (fact.type === "run.finished") return [`${fact.run.name} ${fact.progress.phase}`];
  return fact.type === "cluster.trouble" ? [fact.error.code] : [fact.type];
}
