/** What a listener may say of its own pod: `spec.resources` of an EventListener, by Tekton's list of allowed fields. */

import type { JsonValue } from "../../core/json.ts";
import { isJsonObject } from "../../core/json.ts";
import { createFindings, type Findings, type Path } from "../findings.ts";
import type { Shaped } from "../shape.ts";
import { anything, described, int32Pointer, lenient, struct, text, textPointer } from "../shape.ts";
import { objectMeta } from "./metadata.ts";
import { withPodSpec } from "./pod-shape.ts";
import type { Version } from "./step.ts";

/** `spec.resources` of an EventListener. */
export function resourcesShape(version: Version) {
  const kubernetesResource = struct(
    {
      replicas: int32Pointer,
      serviceType: text,
      servicePort: int32Pointer,
      serviceLoadBalancerClass: textPointer,
      spec: withPodSpec,
    },
    version === "v1alpha1" ? ["servicePort", "serviceLoadBalancerClass"] : [],
  );
  return struct({ kubernetesResource, customResource: anything });
}

type Resources = Shaped<ReturnType<typeof resourcesShape>>;
type Kubernetes = NonNullable<Resources["kubernetesResource"]>;
type Pod = Shaped<typeof withPodSpec>;
type Container = NonNullable<
  NonNullable<NonNullable<NonNullable<NonNullable<Pod["template"]>["spec"]>["containers"]>[number]>
>;

/** Fields that may be set, by API version; Tekton refuses all others because it sets them itself. */
const ALLOWED = {
  pod: {
    v1alpha1: ["serviceAccountName", "containers", "tolerations", "nodeSelector"],
    v1beta1: [
      "serviceAccountName",
      "containers",
      "tolerations",
      "nodeSelector",
      "affinity",
      "topologySpreadConstraints",
      "imagePullSecrets",
      "securityContext",
    ],
  },
  kubernetes: {
    v1alpha1: ["resources", "env", "livenessProbe", "readinessProbe", "startupProbe"],
    v1beta1: ["resources", "env", "livenessProbe", "readinessProbe", "startupProbe", "securityContext"],
  },
  custom: {
    v1alpha1: ["resources", "env"],
    v1beta1: ["resources", "env", "securityContext"],
  },
} as const;

/** Collects what Tekton's admission finds wrong with `spec.resources`. */
export function checkResources(read: Resources, version: Version, path: Path, findings: Findings): void {
  const { kubernetesResource, customResource } = read;
  if (kubernetesResource !== undefined && customResource !== undefined)
    findings.add(path, "must have kubernetesResource or customResource, has both");
  else if (kubernetesResource !== undefined)
    checkKubernetes(kubernetesResource, version, [...path, "kubernetesResource"], findings);
  else if (customResource !== undefined)
    checkCustom(customResource, version, [...path, "customResource"], findings);
}

/**
 * The service account that Tekton gives a listener's pod: the pod template's own before the listener's; a custom resource
 * has none but its template's (pkg/reconciler/eventlistener/resources/{deployment,custom}.go).
 *
 * @returns undefined for the namespace's `default`.
 */
export function podAccount(
  read: Resources | undefined,
  listenerAccount: string | undefined,
): string | undefined {
  const custom = read?.customResource;
  if (custom === undefined) {
    return read?.kubernetesResource?.spec?.template?.spec?.serviceAccountName || listenerAccount || undefined;
  }
  const context = { findings: createFindings(), strict: false };
  const { spec } = lenient(struct({ spec: withPodSpec }))(custom, [], context) ?? {};
  return spec?.template?.spec?.serviceAccountName || undefined;
}

function checkKubernetes(read: Kubernetes, version: Version, path: Path, findings: Findings): void {
  if (read.replicas !== undefined && read.replicas < 0)
    findings.add([...path, "replicas"], `must not be negative, is ${read.replicas}`);
  if (read.serviceLoadBalancerClass !== undefined && read.serviceType !== "LoadBalancer")
    findings.add([...path, "serviceLoadBalancerClass"], "goes only with serviceType: LoadBalancer");
  checkPod(read.spec ?? {}, "kubernetes", version, [...path, "spec"], findings);
}

const customResource = lenient(
  struct({ apiVersion: text, kind: text, metadata: objectMeta, spec: withPodSpec }),
);

/** A resource of any kind, for example a Knative Service: only its pod is looked at, and unknown fields pass. It is kept as it was written. */
function checkCustom(read: JsonValue, version: Version, path: Path, findings: Findings): void {
  if (!isJsonObject(read)) {
    findings.add(path, `must be a Kubernetes object, is ${described(read)}`);
    return;
  }
  const context = { findings, strict: false, keepsEmpty: true };
  const resource = customResource(read, path, context);
  checkPod(resource?.spec ?? {}, "custom", version, [...path, "spec"], findings);
}

function checkPod(
  read: Pod,
  kind: "kubernetes" | "custom",
  version: Version,
  path: Path,
  findings: Findings,
): void {
  const spec = read.template?.spec ?? {};
  const at = [...path, "template", "spec"];
  checkAllowed(spec, ALLOWED.pod[version], at, findings);
  const containers = spec.containers ?? [];
  if (containers.length > 1) findings.add([...at, "containers"], "must be one container: the listener's own");
  const [container] = containers;
  if (containers.length !== 1 || container === undefined) return;
  const where = [...at, "containers", 0];
  checkAllowed(container, ALLOWED[kind][version], where, findings);
  checkEnv(container.env ?? [], [...where, "env"], findings);
}

function checkEnv(env: NonNullable<Container["env"]>, path: Path, findings: Findings): void {
  const reserved: string[] = [];
  for (const [index, variable] of env.entries()) {
    const { name = "", valueFrom = {}, ...rest } = variable ?? {};
    checkAllowed(rest, [], [...path, index], findings);
    checkAllowed(valueFrom, ["secretKeyRef"], [...path, index, "valueFrom"], findings);
    if (name === "TLS_CERT" || name === "TLS_KEY") reserved.push(name);
  }
  if (reserved.length === 1)
    findings.add(path, `must have both TLS_CERT and TLS_KEY for a TLS listener, has only ${reserved[0]}`);
}

function checkAllowed(read: object, allowed: readonly string[], path: Path, findings: Findings): void {
  for (const field of Object.keys(read)) {
    if (!allowed.includes(field))
      findings.add(
        [...path, field],
        allowed.length === 0
          ? "must not be set; take it from a Secret with valueFrom.secretKeyRef"
          : `must not be set; allowed here: ${allowed.join(", ")}`,
      );
  }
}
