/** Where Sluice differs from Tekton's EventListener under these settings, and the switch that gives Tekton's way. */

import type { Settings } from "../../config/index.ts";
import type { Finding } from "./finding.ts";

interface Difference {
  readonly differs: (settings: Settings) => boolean;
  readonly tekton: string;
  readonly ours: string;
  readonly toggle: string;
}

/** The switches of docs/compatibility.md; what has none is there too. */
export const DIFFERENCES: readonly Difference[] = [
  {
    differs: ({ unverified }) => unverified === "refuse",
    tekton: "a trigger without secretRef fires for anybody",
    ours: "it is refused unless the annotation sluice.dev/verification: none says that this is meant",
    toggle: "--unverified allow",
  },
  {
    differs: ({ unverifiedReply }) => unverifiedReply === 401,
    tekton: "a wrong signature is answered 202",
    ours: "401, so that the sender's page shows it",
    toggle: "--unverified-reply 202",
  },
  {
    differs: ({ http }) => http === "strict",
    tekton: "any method and any path trigger",
    ours: "POST, and paths that name a listener",
    toggle: "--http tekton",
  },
  {
    differs: ({ duplicates }) => duplicates === "once",
    tekton: "a Trigger that a listener selects twice runs twice",
    ours: "once",
    toggle: "--duplicates tekton",
  },
  {
    differs: ({ unknownParams }) => unknownParams === "refuse",
    tekton: "a parameter that a built-in interceptor does not know has no effect",
    ours: "its trigger fails",
    toggle: "--unknown-params warn",
  },
  {
    differs: ({ brokenResource }) => brokenResource === "none",
    tekton: "resources before a broken one are created",
    ours: "none of them is",
    toggle: "--broken-resource before",
  },
  {
    differs: (settings) => identityOf(settings) === "gateway",
    tekton: "objects are created as the service account of the trigger, else of the listener",
    ours: "by the gateway's own rights",
    toggle: "--identity tekton",
  },
];

/** As whom objects are created: what `auto` comes to. */
export function identityOf({ identity, fromCluster }: Settings): "gateway" | "tekton" {
  if (identity !== "auto") return identity;
  return fromCluster ? "tekton" : "gateway";
}

export function differences(settings: Settings): readonly Finding[] {
  const area = "differences";
  const found = DIFFERENCES.filter(({ differs }) => differs(settings)).map(
    ({ tekton, ours, toggle }): Finding => ({
      area,
      state: "note",
      what: `Tekton: ${tekton}. Here: ${ours}. As Tekton: ${toggle}`,
    }),
  );
  return found.length > 0 ? found : [{ area, state: "ok", what: "every switch is set to Tekton's way" }];
}
