/** EventListener: its inline triggers, its selectors, its trigger groups. */

import type { JsonObject } from "../../core/json.ts";
import type { EventListenerSpec, LabelSelector, Metadata, NamespaceSelector } from "../../core/tekton.ts";
import type { Findings, Path } from "../findings.ts";
import { quoted } from "../findings.ts";
import type { Shaped } from "../shape.ts";
import { anything, list, struct, text, textPointer } from "../shape.ts";
import { isLabelValue } from "./metadata.ts";
import { checkResources, podAccount, resourcesShape } from "./pod.ts";
import { labelSelector } from "./pod-shape.ts";
import type { Version } from "./step.ts";
import { stepShape, toGroupStep, toStep } from "./step.ts";
import { toBindings, toTriggerSpec, triggerFields } from "./trigger.ts";

const namespaceSelector = struct({ matchNames: list(textPointer) });
const selectors = { namespaceSelector, labelSelector };
const triggerSelector = struct(selectors);

// Tekton's controller writes it back; nothing here reads it.
const status = struct({
  observedGeneration: anything,
  conditions: anything,
  annotations: anything,
  address: anything,
  configuration: anything,
});

/** Fields of older listeners. */
const GONE = {
  servicetype: "write spec.resources.kubernetesResource.serviceType",
  podtemplate: "write spec.resources.kubernetesResource.spec.template.spec",
  replicas: "write spec.resources.kubernetesResource.replicas",
} as const;

const shapes = { v1beta1: listenerShape("v1beta1"), v1alpha1: listenerShape("v1alpha1") };

function listenerShape(version: Version) {
  const triggerGroup = struct({
    name: text,
    interceptors: list(stepShape(version)),
    triggerSelector,
  });
  const spec = struct(
    {
      serviceAccountName: text,
      triggers: list(struct({ ...triggerFields(version), triggerRef: text })),
      triggerGroups: list(triggerGroup),
      ...selectors,
      resources: resourcesShape(version),
      cloudEventURI: text,
    },
    version === "v1alpha1" ? ["triggerGroups", "cloudEventURI"] : [],
    GONE,
  );
  return struct({ apiVersion: text, kind: text, metadata: anything, spec, status });
}

type WrittenSpec = NonNullable<Shaped<typeof shapes.v1beta1>["spec"]>;
type WrittenTrigger = NonNullable<NonNullable<WrittenSpec["triggers"]>[number]>;
type WrittenGroup = NonNullable<NonNullable<WrittenSpec["triggerGroups"]>[number]>;

/** On a listener: "false" lets bodies through that are no JSON. */
export const PAYLOAD_VALIDATION = "tekton.dev/payload-validation";

/** Reads and validates an EventListener; undefined when its fields have the wrong shape. */
export function readListener(
  object: JsonObject,
  version: Version,
  metadata: Metadata,
  findings: Findings,
): EventListenerSpec | undefined {
  const read = shapes[version](object, [], { findings, strict: true });
  if (read === undefined || findings.found.length > 0) return undefined;
  checkMetadata(metadata, findings);
  const spec = read.spec ?? {};
  if (!startsSomething(spec))
    findings.add(["spec"], "must have triggers, triggerGroups, a namespaceSelector or a labelSelector");
  if (spec.resources !== undefined) checkResources(spec.resources, version, ["spec", "resources"], findings);
  const serviceAccountName = podAccount(spec.resources, spec.serviceAccountName);
  return {
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    triggers: (spec.triggers ?? []).map((trigger, index) =>
      toTrigger(trigger ?? {}, version, ["spec", "triggers", index], findings),
    ),
    triggerGroups: (spec.triggerGroups ?? []).map((group, index) =>
      toGroup(group ?? {}, ["spec", "triggerGroups", index], findings),
    ),
    ...toSelectors(spec),
    ...(spec.cloudEventURI === undefined ? {} : { cloudEventURI: spec.cloudEventURI }),
  };
}

function checkMetadata({ name, annotations }: Metadata, findings: Findings): void {
  // `el-` and the name must fit into a Service's name.
  if (name.length > 60) findings.add(["metadata", "name"], "must have no more than 60 characters");
  const validation = Object.hasOwn(annotations, PAYLOAD_VALIDATION)
    ? annotations[PAYLOAD_VALIDATION]
    : "true";
  if (validation !== "true" && validation !== "false")
    findings.add(["metadata", "annotations", PAYLOAD_VALIDATION], 'must be "true" or "false"');
}

function startsSomething(spec: WrittenSpec): boolean {
  return (
    spec.labelSelector !== undefined ||
    spec.namespaceSelector?.matchNames !== undefined ||
    spec.triggerGroups !== undefined ||
    spec.triggers !== undefined
  );
}

function toTrigger(
  read: WrittenTrigger,
  version: Version,
  path: Path,
  findings: Findings,
): EventListenerSpec["triggers"][number] {
  const { triggerRef, template, name = "" } = read;
  // The name becomes the label triggers.tekton.dev/trigger.
  if (!isLabelValue(name))
    findings.add([...path, "name"], `${quoted(name)} must be a valid label value of at most 63 characters`);
  const interceptors = (read.interceptors ?? []).map((step, index) =>
    toStep(step, version, [...path, "interceptors", index], findings),
  );
  if (template !== undefined && triggerRef === undefined)
    return toTriggerSpec(read, interceptors, version, path, findings);
  const inline = (["template", "bindings", "interceptors"] as const).filter(
    (field) => read[field] !== undefined,
  );
  if (triggerRef === undefined) findings.add(path, "must have a template or a triggerRef");
  else if (inline.length > 0)
    findings.add(
      path,
      `must have a triggerRef or an inline trigger, has both triggerRef and ${inline.join(", ")}`,
    );
  toBindings(read.bindings, path, findings);
  return { triggerRef: triggerRef ?? "" };
}

function toGroup(
  read: WrittenGroup,
  path: Path,
  findings: Findings,
): EventListenerSpec["triggerGroups"][number] {
  const selector = read.triggerSelector ?? {};
  if (selector.labelSelector === undefined && selector.namespaceSelector?.matchNames === undefined)
    findings.add(
      [...path, "triggerSelector"],
      "must have a labelSelector or a namespaceSelector with matchNames",
    );
  if (read.interceptors === undefined)
    findings.add([...path, "interceptors"], "is missing: a group is there to share interceptors");
  return {
    name: read.name ?? "",
    interceptors: (read.interceptors ?? []).map((step, index) =>
      toGroupStep(step, [...path, "interceptors", index], findings),
    ),
    ...toSelectors(selector),
  };
}

interface Selectors {
  readonly namespaceSelector?: NamespaceSelector;
  readonly labelSelector?: LabelSelector;
}

function toSelectors(read: Shaped<typeof triggerSelector>): Selectors {
  const { namespaceSelector: namespaces, labelSelector: labels } = read;
  return {
    ...(namespaces?.matchNames === undefined
      ? {}
      : { namespaceSelector: { matchNames: namespaces.matchNames.map((name) => name ?? "") } }),
    ...(labels === undefined ? {} : { labelSelector: toLabelSelector(labels) }),
  };
}

function toLabelSelector(read: Shaped<typeof labelSelector>): LabelSelector {
  const { matchLabels, matchExpressions } = read;
  return {
    ...(matchLabels === undefined ? {} : { matchLabels }),
    ...(matchExpressions === undefined
      ? {}
      : {
          matchExpressions: matchExpressions.map((expression) => ({
            key: expression?.key ?? "",
            operator: expression?.operator ?? "",
            ...(expression?.values === undefined
              ? {}
              : { values: expression.values.map((value) => value ?? "") }),
          })),
        }),
  };
}
