/** Makes a rendered resource ready to be created: labels, a name that repeats itself, a namespace. */

import type { ObjectName } from "../../core/delivery.ts";
import { derivedName } from "../../core/identity.ts";
import type { KubernetesObject } from "../../core/job.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonObject, ownValue } from "../../core/json.ts";
import { LABELS } from "../../core/labels.ts";
import { cureOfKind, kindShown } from "../../core/object-metadata.ts";
import type { RenderContext } from "../../core/plan.ts";
import { quoted } from "../../core/quoted.ts";
import { broken } from "./substitute.ts";

/**
 * Adds the labels that Tekton adds (tektoncd/triggers pkg/resources/create.go).
 *
 * @returns a copy. Where `metadata` is null, the labels are lost, as in Tekton.
 * @throws SluiceError SLUICE_TEMPLATE_BROKEN when `metadata` or `metadata.labels` is not what it should be.
 */
export function withLabels(object: JsonObject, context: RenderContext, index: number): JsonObject {
  const metadata = ownValue(object, "metadata") ?? {};
  if (ownValue(object, "metadata") === null) return object;
  if (!isJsonObject(metadata)) throw broken(index, "metadata is no object");
  const labels = ownValue(metadata, "labels") === undefined ? {} : metadata["labels"];
  if (!isJsonObject(labels as JsonValue)) throw broken(index, "metadata.labels is no object");
  const notTexts = Object.entries(labels as JsonObject).filter(([, value]) => typeof value !== "string");
  if (notTexts.length > 0) throw broken(index, notTexts.slice(0, MOST_TOLD).map(tellLabel).join("; "));
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: {
        ...(labels as JsonObject),
        [LABELS.listener]: context.listener.name,
        [LABELS.trigger]: context.trigger.name,
        [LABELS.event]: context.delivery,
      },
    },
  };
}

/** Labels that one fault names. */
const MOST_TOLD = 10;

function tellLabel([key, value]: readonly [string, JsonValue]): string {
  return `metadata.labels[${quoted(key)}] is ${kindShown(value)} and must be text: ${cureOfKind(value)}`;
}

/**
 * Gives a resource its final name and namespace.
 *
 * @param object with labels already there.
 * @returns a copy with `metadata.name`, derived from delivery, trigger and index where the template has a generateName;
 *   and with `metadata.namespace`, the trigger's where the template has none. (What creates objects must drop the
 *   namespace of cluster-scoped kinds.)
 * @throws SluiceError SLUICE_TEMPLATE_BROKEN when the resource has no apiVersion, no name of either kind, or names that
 *   are no strings: the API server would refuse each of them.
 */
export function withIdentity(object: JsonObject, context: RenderContext, index: number): KubernetesObject {
  const apiVersion = text(object, "apiVersion", "apiVersion", index);
  if (apiVersion === "") throw broken(index, "apiVersion is missing");
  const found = ownValue(object, "metadata");
  const metadata = isJsonObject(found ?? null) ? (found as JsonObject) : {};
  const { generateName: _, ...rest } = metadata;
  const prefix = text(metadata, "generateName", "metadata.generateName", index);
  const written = text(metadata, "name", "metadata.name", index);
  if (written === "" && prefix === "") throw broken(index, "metadata has neither name nor generateName");
  const name = written === "" ? derivedName(prefix, context.delivery, identityOf(context), index) : written;
  const namespace = text(metadata, "namespace", "metadata.namespace", index) || context.trigger.namespace;
  return { ...object, metadata: { ...rest, name, namespace } } as KubernetesObject;
}

/** The trigger as identities know it: by its key, since names may be shared or missing. */
export function identityOf({ trigger, key = trigger.name }: RenderContext): ObjectName {
  return { namespace: trigger.namespace, name: key };
}

/** A field that is a string; absent and null are the empty one. */
function text(object: JsonObject, key: string, path: string, index: number): string {
  const value = ownValue(object, key) ?? "";
  if (typeof value !== "string")
    throw broken(index, `${path} is ${kindShown(value)} and must be text: ${cureOfKind(value)}`);
  return value;
}
