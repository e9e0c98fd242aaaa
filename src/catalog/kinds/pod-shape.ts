/** The pod fields that a listener may set, as Kubernetes 1.35 shapes them, and all others just well enough to see that they are set. */

import {
  anything,
  flag,
  flagPointer,
  int32,
  int32Pointer,
  int64Pointer,
  list,
  mapOf,
  struct,
  text,
  textMap,
  textPointer,
} from "../shape.ts";
import { objectMeta } from "./metadata.ts";
import { portNumberOrName, quantity } from "./scalars.ts";

/** metav1.LabelSelector. */
export const labelSelector = struct({
  matchLabels: textMap,
  matchExpressions: list(struct({ key: text, operator: text, values: list(textPointer) })),
});

const quantities = mapOf(quantity, "0");
const texts = list(textPointer);
const keyRef = { name: text, key: text, optional: flagPointer };
const profile = struct({ type: text, localhostProfile: textPointer });

const envSource = struct({
  secretKeyRef: struct(keyRef),
  configMapKeyRef: struct(keyRef),
  fieldRef: struct({ apiVersion: text, fieldPath: text }),
  resourceFieldRef: struct({ containerName: text, resource: text, divisor: quantity }),
  fileKeyRef: struct({ volumeName: text, path: text, key: text, optional: flagPointer }),
});

const probe = struct({
  exec: struct({ command: texts }),
  httpGet: struct({
    path: text,
    port: portNumberOrName,
    host: text,
    scheme: text,
    httpHeaders: list(struct({ name: text, value: text })),
  }),
  tcpSocket: struct({ port: portNumberOrName, host: text }),
  grpc: struct({ port: int32, service: textPointer }),
  initialDelaySeconds: int32,
  timeoutSeconds: int32,
  periodSeconds: int32,
  successThreshold: int32,
  failureThreshold: int32,
  terminationGracePeriodSeconds: int64Pointer,
});

const securityBasics = {
  seLinuxOptions: struct({ user: text, role: text, type: text, level: text }),
  windowsOptions: struct({
    gmsaCredentialSpecName: textPointer,
    gmsaCredentialSpec: textPointer,
    runAsUserName: textPointer,
    hostProcess: flagPointer,
  }),
  runAsUser: int64Pointer,
  runAsGroup: int64Pointer,
  runAsNonRoot: flagPointer,
  seccompProfile: profile,
  appArmorProfile: profile,
};

const resources = struct({
  limits: quantities,
  requests: quantities,
  claims: list(struct({ name: text, request: text })),
});

const container = struct({
  env: list(struct({ name: text, value: text, valueFrom: envSource })),
  resources,
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  securityContext: struct({
    ...securityBasics,
    capabilities: struct({ add: texts, drop: texts }),
    privileged: flagPointer,
    readOnlyRootFilesystem: flagPointer,
    allowPrivilegeEscalation: flagPointer,
    procMount: textPointer,
  }),
  name: text,
  image: text,
  command: texts,
  args: texts,
  workingDir: text,
  ports: list(anything),
  envFrom: list(anything),
  resizePolicy: list(anything),
  restartPolicy: textPointer,
  restartPolicyRules: list(anything),
  volumeMounts: list(anything),
  volumeDevices: list(anything),
  lifecycle: anything,
  terminationMessagePath: text,
  terminationMessagePolicy: text,
  imagePullPolicy: text,
  stdin: flag,
  stdinOnce: flag,
  tty: flag,
});

const nodeTerm = {
  matchExpressions: list(struct({ key: text, operator: text, values: texts })),
  matchFields: list(struct({ key: text, operator: text, values: texts })),
};
const podTerm = struct({
  labelSelector,
  namespaces: texts,
  topologyKey: text,
  namespaceSelector: labelSelector,
  matchLabelKeys: texts,
  mismatchLabelKeys: texts,
});
const podTerms = struct({
  requiredDuringSchedulingIgnoredDuringExecution: list(podTerm),
  preferredDuringSchedulingIgnoredDuringExecution: list(struct({ weight: int32, podAffinityTerm: podTerm })),
});

const podSpec = struct({
  containers: list(container),
  serviceAccountName: text,
  nodeSelector: textMap,
  imagePullSecrets: list(struct({ name: text })),
  tolerations: list(
    struct({ key: text, operator: text, value: text, effect: text, tolerationSeconds: int64Pointer }),
  ),
  affinity: struct({
    nodeAffinity: struct({
      requiredDuringSchedulingIgnoredDuringExecution: struct({ nodeSelectorTerms: list(struct(nodeTerm)) }),
      preferredDuringSchedulingIgnoredDuringExecution: list(
        struct({ weight: int32, preference: struct(nodeTerm) }),
      ),
    }),
    podAffinity: podTerms,
    podAntiAffinity: podTerms,
  }),
  topologySpreadConstraints: list(
    struct({
      maxSkew: int32,
      topologyKey: text,
      whenUnsatisfiable: text,
      labelSelector,
      minDomains: int32Pointer,
      nodeAffinityPolicy: textPointer,
      nodeTaintsPolicy: textPointer,
      matchLabelKeys: texts,
    }),
  ),
  securityContext: struct({
    ...securityBasics,
    supplementalGroups: list(int64Pointer),
    supplementalGroupsPolicy: textPointer,
    fsGroup: int64Pointer,
    sysctls: list(struct({ name: text, value: text })),
    fsGroupChangePolicy: textPointer,
    seLinuxChangePolicy: textPointer,
  }),
  volumes: list(anything),
  initContainers: list(anything),
  ephemeralContainers: list(anything),
  restartPolicy: text,
  terminationGracePeriodSeconds: int64Pointer,
  activeDeadlineSeconds: int64Pointer,
  dnsPolicy: text,
  serviceAccount: text,
  automountServiceAccountToken: flagPointer,
  nodeName: text,
  hostNetwork: flag,
  hostPID: flag,
  hostIPC: flag,
  shareProcessNamespace: flagPointer,
  hostname: text,
  subdomain: text,
  schedulerName: text,
  hostAliases: list(anything),
  priorityClassName: text,
  priority: int32Pointer,
  dnsConfig: anything,
  readinessGates: list(anything),
  runtimeClassName: textPointer,
  enableServiceLinks: flagPointer,
  preemptionPolicy: textPointer,
  overhead: quantities,
  setHostnameAsFQDN: flagPointer,
  os: anything,
  hostUsers: flagPointer,
  schedulingGates: list(anything),
  resourceClaims: list(anything),
  resources,
  hostnameOverride: textPointer,
  workloadRef: anything,
});

/** knative's WithPodSpec: the part of a Deployment or Service under `spec`. */
export const withPodSpec = struct({ template: struct({ metadata: objectMeta, spec: podSpec }) });
