/** One object of a cluster as the catalog keeps it: admitted, or with the fault that says why it cannot be used. */

import type { JsonObject } from "../../core/json.ts";
import type { TektonObject } from "../../core/tekton.ts";
import { admit } from "../admit.ts";
import { createFindings } from "../findings.ts";
import { readMetadata } from "../kinds/metadata.ts";
import type { Entry } from "../unusable.ts";
import { reasonOfFindings, unusableEntry } from "../unusable.ts";

export type { Entry } from "../unusable.ts";

/**
 * Reads an object as strictly as Tekton's admission webhook; a cluster without that webhook takes anything.
 *
 * @param kind of the collection that it came from.
 */
export function entryOf(kind: TektonObject["kind"], written: JsonObject): Entry {
  // The API server names the namespace of each object; what stands here is never used.
  const { object, findings } = admit(withoutStatus(kind, written), "default");
  if (object !== undefined) return { object };
  const { namespace, ...metadata } = readMetadata(written, "*", createFindings());
  const placed = { ...metadata, namespace: namespace === "*" ? "" : namespace };
  return unusableEntry(kind, placed, reasonOfFindings(findings));
}

/** An object that cannot be read at all. */
export function unreadableEntry(
  kind: TektonObject["kind"],
  { namespace, name }: { readonly namespace: string; readonly name: string },
  reason: string,
): Entry {
  return unusableEntry(kind, { namespace, name, labels: {}, annotations: {} }, reason);
}

/** What controllers wrote is nobody's mistake; only of interceptors it says something: where they are. */
function withoutStatus(kind: TektonObject["kind"], written: JsonObject): JsonObject {
  if (kind === "ClusterInterceptor" || kind === "Interceptor") return written;
  const { status: _, ...declared } = written;
  return declared;
}
