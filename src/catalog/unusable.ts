/** A declared object that cannot be used: its place stays known, so that what needs it fails and says why. */

import type { SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import type { Metadata, TektonObject } from "../core/tekton.ts";
import { formatIdentity } from "./faults.ts";
import type { Finding } from "./findings.ts";
import { formatPath } from "./findings.ts";

export interface Entry {
  /** Listeners and Triggers stand here even when they are broken: what is sent to them must not seem unknown. */
  readonly object?: TektonObject;
  readonly fault?: SluiceError;
}

/** Findings that a fault tells of one object. */
const TOLD = 3;

/** The first findings of an object, in one sentence. */
export function reasonOfFindings(findings: readonly Finding[]): string {
  const told = findings.slice(0, TOLD).map(({ path, reason }) => `${formatPath(path) || "it"} ${reason}`);
  const more = findings.length > TOLD ? `; and ${findings.length - TOLD} more` : "";
  return `${told.join("; ")}${more}`;
}

/**
 * The entry of an object that cannot be used.
 *
 * @param metadata as far as it can be read; its namespace is "" for cluster-scoped kinds.
 */
export function unusableEntry(kind: TektonObject["kind"], metadata: Metadata, reason: string): Entry {
  const { namespace, name } = metadata;
  const what = formatIdentity({ kind, namespace, name });
  const unusable = fault("SLUICE_OBJECT_UNUSABLE", { what, reason });
  if (kind === "EventListener") {
    const spec = { triggers: [], triggerGroups: [] };
    return { object: { kind, metadata, spec, fault: unusable }, fault: unusable };
  }
  if (kind === "Trigger") {
    const spec = { interceptors: [], bindings: [], template: { ref: "" } };
    return { object: { kind, metadata, spec, fault: unusable }, fault: unusable };
  }
  return { fault: unusable };
}
