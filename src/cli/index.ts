/** The verbs, in the order in which help shows them. Each is loaded when it is called. */

import type { Verb } from "./verb.ts";

/** What a list of verbs needs to know of one. */
export interface VerbEntry {
  readonly name: string;
  /** Arguments as commander takes them: `<id>`, `[provider] [event]`. */
  readonly usage?: string;
  readonly summary: string;
  load(): Promise<Verb>;
}

export const VERBS: readonly VerbEntry[] = [
  {
    name: "serve",
    summary: "run the gateway",
    load: async () => (await import("./serve.ts")).serve,
  },
  {
    name: "check",
    usage: "[paths...]",
    summary: "validate Triggers objects: fields, CEL, paths, references, proofs",
    load: async () => (await import("./check.ts")).check,
  },
  {
    name: "try",
    usage: "[provider] [event]",
    summary: "decide a delivery offline and explain it; creates nothing",
    load: async () => (await import("./try.ts")).tryOut,
  },
  {
    name: "send",
    usage: "<provider> <event>",
    summary: "send a correctly signed test delivery",
    load: async () => (await import("./send.ts")).send,
  },
  {
    name: "deliveries",
    usage: "[list|show|tail|export|payload|count|refused] [id]",
    summary: "list deliveries, newest first; show one with every decision; follow, count, export them",
    load: async () => (await import("./deliveries.ts")).deliveries,
  },
  {
    name: "replay",
    usage: "[ids...]",
    summary: "decide stored deliveries again, with the triggers of now",
    load: async () => (await import("./replay.ts")).replay,
  },
  {
    name: "dead",
    usage: "[list|show|retry|drop] [ids...]",
    summary: "dead letters by cause: list them, try them again, put them away",
    load: async () => (await import("./dead.ts")).dead,
  },
  {
    name: "queue",
    usage: "[show|pause|resume]",
    summary: "show the queue, pause it, resume it",
    load: async () => (await import("./queue.ts")).queue,
  },
  {
    name: "acts",
    summary: "show who replayed, retried, dropped, paused or looked into what, and why",
    load: async () => (await import("./acts.ts")).acts,
  },
  {
    name: "audit",
    summary: "prove that accepted = created + filtered + duplicate + dead + pending",
    load: async () => (await import("./audit.ts")).audit,
  },
  {
    name: "ledger",
    usage: "<export|import> <file>",
    summary: "export the whole ledger into a file while gateways run, and import it into any store",
    load: async () => (await import("./ledger.ts")).ledger,
  },
  {
    name: "doctor",
    summary: "look at everything that serve would need, and say how to mend it",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  {
    name: "shadow",
    summary:
      "compare what this gateway decides with what another EventListener created from the same webhooks",
    load: async () => (await import("./shadow.ts")).shadow,
  },
  {
    name: "settings",
    summary: "show the settings in force, and check them",
    load: async () => (await import("./show-settings.ts")).showSettings,
  },
  {
    name: "demo",
    summary: "see the whole way in a minute; needs nothing",
    load: async () => (await import("./demo.ts")).demo,
  },
];

/** All of them with what each takes: for the documentation, and for tests. */
export function loadVerbs(): Promise<readonly (VerbEntry & Verb)[]> {
  return Promise.all(VERBS.map(async (entry) => ({ ...entry, ...(await entry.load()) })));
}
