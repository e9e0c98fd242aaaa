/** The dry-run target: answers as if everything could be created, and creates nothing. */

import type { Target } from "../../core/job.ts";

export function createDryRunTarget(): Target {
  return {
    name: "dry-run",
    async create({ apiVersion, kind, metadata }, job) {
      const namespace = metadata.namespace || job.trigger.namespace;
      const run = { apiVersion, kind, namespace, name: metadata.name, where: "dry-run" };
      return { outcome: "created", run: { ...run, outcome: "created" } };
    },
    ready: async () => {},
    close: async () => {},
  };
}
