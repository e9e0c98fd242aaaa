/** A cluster with EventListeners, plans for them, and gateways that announce. */

import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { fault, type SluiceError } from "../../../src/core/errors.ts";
import type { Fact } from "../../../src/core/fact.ts";
import type { ListenerPlan, TriggerPlan } from "../../../src/core/plan.ts";
import { createApi } from "../../../src/kubernetes/api.ts";
import { loadCluster } from "../../../src/kubernetes/cluster.ts";
import { createDiscovery } from "../../../src/kubernetes/discovery.ts";
import { createEvents } from "../../../src/kubernetes/events.ts";
import { createSession } from "../../../src/kubernetes/session.ts";
import type { AnnouncerNeeds } from "../../../src/leader/announce/announcer.ts";
import { announceListeners } from "../../../src/leader/announce/announcer.ts";
import type { Condition } from "../../../src/leader/announce/listener.ts";
import { startApiServer } from "../../helpers/api-server.ts";
import { temporaryFolder } from "../../helpers/folder.ts";

export const GATEWAY = { namespace: "sluice", name: "sluice" };
export const BROKEN = fault("SLUICE_REF_MISSING", {
  ...{ kind: "TriggerTemplate", name: "build", namespace: "ci", from: "push" },
  absent: "does not exist in namespace ci",
});

/** A listener's plan: one fault, or undefined, for each of its triggers. */
export function planOf(
  name: string,
  triggers: readonly (SluiceError | undefined)[],
  more: object = {},
): ListenerPlan {
  const trigger = (broken: SluiceError | undefined, i: number): TriggerPlan => ({
    ...{ namespace: "ci", name: `t${i}`, key: `t${i}`, proofs: [], chain: [] },
    ...{ bind: () => new Map(), render: () => [] },
    ...(broken && { fault: broken }),
  });
  const group = { name: "", chain: [], triggers: triggers.map(trigger) };
  const base = { namespace: "ci", name, uid: "", groups: [group], payloadValidation: true, remote: false };
  return { ...base, ...more };
}

export async function openBench() {
  const server = await startApiServer({ namespaces: ["ci"] });
  const folder = temporaryFolder();
  const kubeconfig = server.writeKubeconfig(join(folder.path, "kubeconfig"));
  const session = createSession(() => loadCluster({ kubeconfig }));
  const api = createApi(session, { timeoutMs: 2_000, maxBytes: 1_000_000 });
  const plans = new Map<string, ListenerPlan>();
  const gateways: { stop: () => Promise<void> }[] = [];
  const find = (kind: string, name: string) =>
    server.objects(kind).find(({ metadata }) => metadata.name === name);
  const status = (name: string) =>
    find("EventListener", name)?.["status"] as
      | { readonly address?: { readonly url: string }; readonly conditions?: readonly Condition[] }
      | undefined;

  return {
    ...{ server, api, plans, find, status },
    put(name: string, metadata: object = {}, more: object = {}) {
      const named = { namespace: "ci", name, ...metadata };
      const apiVersion = "triggers.tekton.dev/v1beta1";
      return server.put({ apiVersion, kind: "EventListener", metadata: named, spec: {}, ...more });
    },
    /** `Type=Status(Reason)` of each condition. */
    conditions: (name: string) =>
      status(name)?.conditions?.map(({ type, status, reason }) => `${type}=${status}(${reason})`) ?? [],
    writes: (part: string) =>
      server.requests.filter(({ method, path }) => method !== "GET" && path.includes(part)),
    /** Resolves when it holds; the server's own state has no event to wait for. */
    async until(holds: () => boolean) {
      while (!holds()) await new Promise(setImmediate);
    },
    announce(options: Partial<AnnouncerNeeds> = {}) {
      const facts: Fact[] = [];
      const said = new EventEmitter();
      const stopped = new AbortController();
      const done = announceListeners(
        {
          ...{ api, discovery: createDiscovery(api), services: false, installation: "sluice" },
          places: { publicUrl: "https://hooks.example.com/", service: GATEWAY, domain: "cluster.local" },
          plans: { find: (_namespace, name) => plans.get(name) },
          events: createEvents({ api, instance: "test" }),
          tell: (fact) => {
            facts.push(fact);
            said.emit("said");
          },
          timing: { settle: 0, every: 20 },
          limits: { firstMs: 5, longestMs: 20, slowMs: 20 },
          ...options,
        },
        stopped.signal,
      );
      const gateway = {
        facts,
        async until(type: Fact["type"]) {
          while (!facts.some((fact) => fact.type === type)) await once(said, "said");
        },
        async stop() {
          stopped.abort();
          await done;
        },
      };
      gateways.push(gateway);
      return gateway;
    },
    async [Symbol.asyncDispose]() {
      for (const one of gateways) await one.stop();
      session.close();
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}
