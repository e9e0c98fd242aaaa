/** Kinds of Tekton Triggers under another API group: the one of its first releases, or one that is misspelt. */

import type { SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import { isJsonObject, ownValue } from "../core/json.ts";
import { nearest } from "../core/nearest.ts";
import { SERVED, TEKTON_GROUP } from "./admit.ts";
import { formatIdentity, identityOf } from "./faults.ts";
import type { Written } from "./objects.ts";
import type { Locate } from "./yaml.ts";

/** Other projects have kinds of these names. */
const COMMON: ReadonlySet<string> = new Set(["Trigger", "Interceptor"]);

/** A fault for each object that is one of ours by its kind, and no API server's by its group: nothing reads it. */
export function foreignGroups(
  documents: readonly Written[],
  defaultNamespace: string,
  locate: Locate,
): readonly SluiceError[] {
  return documents.flatMap(({ written, source }): readonly SluiceError[] => {
    if (!isJsonObject(written)) return [];
    const apiVersion = ownValue(written, "apiVersion");
    const kind = ownValue(written, "kind");
    if (typeof apiVersion !== "string" || typeof kind !== "string" || !Object.hasOwn(SERVED, kind)) return [];
    const reason = reasonFor(apiVersion, kind);
    if (reason === undefined) return [];
    const identity = identityOf(written, defaultNamespace);
    const [newest = "v1beta1"] = SERVED[kind as keyof typeof SERVED];
    const values = {
      ...{ apiVersion, kind, name: identity.name, reason, expected: `${TEKTON_GROUP}/${newest}` },
      ...{ field: "apiVersion", object: formatIdentity(identity) },
    };
    return [fault("SLUICE_GROUP_UNKNOWN", values, { at: locate(source, ["apiVersion"]) })];
  });
}

function reasonFor(apiVersion: string, kind: string): string | undefined {
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  if (apiVersion.split("/", 1)[0] === TEKTON_GROUP) return undefined;
  if (group === "tekton.dev")
    return "that was the group of the first releases, and nothing reads it any more";
  if (/tekton/i.test(group) || nearest(group, [TEKTON_GROUP]) !== undefined)
    return `the group is called ${TEKTON_GROUP}`;
  return group === "" && !COMMON.has(kind) ? `it names no group; that is ${TEKTON_GROUP}` : undefined;
}
