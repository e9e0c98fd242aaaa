/** One object of a cluster as the catalog keeps it: admitted, or with the fault that says why it cannot be used. */

import type { SluiceError } from "../../core/errors.ts";
import { fault } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Metadata, TektonObject } from "../../core/tekton.ts";
import { admit } from "../admit.ts";
import { formatIdentity } from "../faults.ts";
import { createFindings, formatPath } from "../findings.ts";
import { readMetadata } from "../kinds/metadata.ts";

export interface Entry {
  /** Listeners and Triggers stand here even when they are broken: what is sent to them must not seem unknown. */
  readonly object?: TektonObject;
  readonly fault?: SluiceError;
}

/** Findings that a fault tells of one object. */
const TOLD = 3;

/**
 * Reads an object as strictly as Tekton's admission webhook; a cluster without that webhook takes anything.
 *
 * @param kind of the collection that it came from.
 */
export function entryOf(kind: TektonObject["kind"], written: JsonObject): Entry {
  // The API server names the namespace of each object; what stands here is never used.
  const { object, findings } = admit(withoutStatus(kind, written), "default");
  if (object !== undefined) return { object };
  const told = findings.slice(0, TOLD).map(({ path, reason }) => `${formatPath(path) || "it"} ${reason}`);
  const more = findings.length > TOLD ? `; and ${findings.length - TOLD} more` : "";
  const metadata = readMetadata(written, "*", createFindings());
  return broken(kind, metadata, `${told.join("; ")}${more}`);
}

/** An object that cannot be read at all. */
export function unreadableEntry(
  kind: TektonObject["kind"],
  { namespace, name }: { readonly namespace: string; readonly name: string },
  reason: string,
): Entry {
  return broken(kind, { namespace, name, labels: {}, annotations: {} }, reason);
}

function broken(kind: TektonObject["kind"], metadata: Metadata, reason: string): Entry {
  const { namespace, name } = metadata;
  const what = formatIdentity({ kind, namespace: namespace === "*" ? "" : namespace, name });
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

/** What controllers wrote is nobody's mistake; only of interceptors it says something: where they are. */
function withoutStatus(kind: TektonObject["kind"], written: JsonObject): JsonObject {
  if (kind === "ClusterInterceptor" || kind === "Interceptor") return written;
  const { status: _, ...declared } = written;
  return declared;
}
