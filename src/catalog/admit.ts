/** Admission: one object as it was written, into a declared object or the findings that refuse it. */

import type { JsonObject, JsonValue } from "../core/json.ts";
import { isJsonObject, ownValue } from "../core/json.ts";
import { didYouMean } from "../core/nearest.ts";
import type { Metadata, TektonObject } from "../core/tekton.ts";
import { CLUSTER_SCOPED } from "../core/tekton.ts";
import type { Finding, Findings } from "./findings.ts";
import { createFindings, quoted } from "./findings.ts";
import { readBinding } from "./kinds/binding.ts";
import { readInterceptor } from "./kinds/interceptor.ts";
import { readListener } from "./kinds/listener.ts";
import { readMetadata } from "./kinds/metadata.ts";
import type { Version } from "./kinds/step.ts";
import { readTemplate } from "./kinds/template.ts";
import { readTrigger } from "./kinds/trigger.ts";

export const TEKTON_GROUP = "triggers.tekton.dev";

/** Kinds and the versions in which Tekton serves them, the newest first. */
export const SERVED: Readonly<Record<TektonObject["kind"], readonly Version[]>> = {
  EventListener: ["v1beta1", "v1alpha1"],
  Trigger: ["v1beta1", "v1alpha1"],
  TriggerBinding: ["v1beta1", "v1alpha1"],
  ClusterTriggerBinding: ["v1beta1", "v1alpha1"],
  TriggerTemplate: ["v1beta1", "v1alpha1"],
  ClusterInterceptor: ["v1alpha1"],
  Interceptor: ["v1alpha1"],
};

export type Admission =
  | { readonly object: TektonObject; readonly findings: readonly [] }
  | { readonly object: undefined; readonly findings: readonly Finding[] };

/** True for an object of Tekton Triggers by its API group, whatever its version and kind. */
export function isTriggersObject(written: JsonValue | undefined): written is JsonObject {
  return isJsonObject(written) && String(ownValue(written, "apiVersion")).startsWith(`${TEKTON_GROUP}/`);
}

/**
 * Validates an object of group triggers.tekton.dev as strictly as Tekton's admission webhook and applies its defaults.
 *
 * @param written the object as JSON, from a file or from the API server.
 * @param defaultNamespace the namespace of namespaced objects that name none.
 * @returns the object in its final form, or everything that is wrong with it.
 */
export function admit(written: JsonObject, defaultNamespace: string): Admission {
  const findings = createFindings();
  const object = read(written, defaultNamespace, findings);
  if (object === undefined || findings.found.length > 0)
    return { object: undefined, findings: findings.found };
  return { object, findings: [] };
}

function read(written: JsonObject, defaultNamespace: string, findings: Findings): TektonObject | undefined {
  const kind = ownValue(written, "kind");
  const apiVersion = ownValue(written, "apiVersion");
  if (!isKind(kind)) {
    const known = Object.keys(SERVED);
    const hint = didYouMean(String(kind), known);
    return refuse("kind", `must be one of ${known.join(", ")}, is ${quoted(String(kind))}${hint}`);
  }
  const version = SERVED[kind].find((served) => apiVersion === `${TEKTON_GROUP}/${served}`);
  if (version === undefined) {
    const served = SERVED[kind].map((name) => `${TEKTON_GROUP}/${name}`).join(" or ");
    return refuse("apiVersion", `must be ${served} for kind ${kind}, is ${quoted(String(apiVersion))}`);
  }
  const metadata = readMetadata(written, CLUSTER_SCOPED.has(kind) ? "" : defaultNamespace, findings);
  return declared(kind, version, written, metadata, findings);

  function refuse(field: string, reason: string): undefined {
    findings.add([field], reason);
  }
}

function declared(
  kind: TektonObject["kind"],
  version: Version,
  written: JsonObject,
  metadata: Metadata,
  findings: Findings,
): TektonObject | undefined {
  switch (kind) {
    case "EventListener":
      return withSpec(kind, metadata, readListener(written, version, metadata, findings));
    case "Trigger":
      return withSpec(kind, metadata, readTrigger(written, version, metadata, findings));
    case "TriggerBinding":
    case "ClusterTriggerBinding":
      return withSpec(kind, metadata, readBinding(written, metadata, findings));
    case "TriggerTemplate":
      return withSpec(kind, metadata, readTemplate(written, metadata, findings));
    case "ClusterInterceptor":
    case "Interceptor":
      return withStatus(withSpec(kind, metadata, readInterceptor(written, findings)), written);
  }
}

function withSpec<Kind extends string, Spec>(kind: Kind, metadata: Metadata, spec: Spec | undefined) {
  return spec === undefined ? undefined : { kind, metadata, spec };
}

function withStatus<Read extends object>(read: Read | undefined, written: JsonObject) {
  const status = ownValue(written, "status");
  return read !== undefined && isJsonObject(status) ? { ...read, status } : read;
}

/** Whether a kind is one of Tekton Triggers. */
export function isKind(kind: unknown): kind is TektonObject["kind"] {
  return typeof kind === "string" && Object.hasOwn(SERVED, kind);
}
