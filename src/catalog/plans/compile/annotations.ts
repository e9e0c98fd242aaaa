/** What the annotations of a listener say: which bodies it takes, and what becomes of duplicates. */

import type { SluiceError } from "../../../core/errors.ts";
import type { ListenerPlan, OnDuplicate } from "../../../core/plan.ts";
import type { EventListener } from "../../../core/tekton.ts";
import { type LocatedDeclarations, objectInvalid, PAYLOAD_VALIDATION } from "../../index.ts";

const MAX_BODY = "sluice.dev/max-body-bytes";
const ON_DUPLICATE = "sluice.dev/on-duplicate";
const ORIGINS = "sluice.dev/webhook-origins";

const ON_DUPLICATES: readonly OnDuplicate[] = ["retry-failed", "ignore", "rerun"];

export interface Said {
  readonly settings: Pick<ListenerPlan, "payloadValidation" | "maxBodyBytes" | "onDuplicate" | "origins">;
  readonly fault?: SluiceError;
}

/** Reads them. A limit that is no whole number of bytes above 0 is none here; src/catalog/lint refuses it. */
export function readAnnotations(listener: EventListener, declarations: LocatedDeclarations): Said {
  const { annotations } = listener.metadata;
  const payloadValidation = annotations[PAYLOAD_VALIDATION] !== "false";
  const limit = Number(annotations[MAX_BODY]);
  const maxBodyBytes = Number.isSafeInteger(limit) && limit > 0 && { maxBodyBytes: limit };
  const origins = annotations[ORIGINS] !== undefined && { origins: originsOf(annotations[ORIGINS]) };
  const { fault, ...onDuplicate } = readOnDuplicate(listener, declarations);
  return {
    settings: { payloadValidation, ...maxBodyBytes, ...origins, ...onDuplicate },
    ...(fault && { fault }),
  };
}

/** Host names, separated by commas; `none` is no host. */
function originsOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "" && one !== "none");
}

/** A word that nobody knows must not fall back to another policy: runs would be made, or not made, unasked. */
function readOnDuplicate(
  listener: EventListener,
  declarations: LocatedDeclarations,
): { readonly onDuplicate?: OnDuplicate; readonly fault?: SluiceError } {
  const { namespace, name, annotations } = listener.metadata;
  const word = annotations[ON_DUPLICATE];
  if (word === undefined) return {};
  const onDuplicate = ON_DUPLICATES.find((policy) => policy === word);
  if (onDuplicate !== undefined) return { onDuplicate };
  const path = ["metadata", "annotations", ON_DUPLICATE];
  const reason = `is ${JSON.stringify(word)}; expected ${ON_DUPLICATES.join(", ")}`;
  const at = declarations.locate?.(listener, path);
  return { fault: objectInvalid({ kind: "EventListener", namespace, name }, path, reason, at) };
}
