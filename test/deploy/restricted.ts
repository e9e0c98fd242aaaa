/** The restricted profile of https://kubernetes.io/docs/concepts/security/pod-security-standards, and what we ask beyond it. */

interface Context {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seccompProfile?: { readonly type: string };
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly privileged?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
}

interface Restricted {
  readonly name: string;
  readonly securityContext?: Context;
  readonly resources?: { readonly requests?: object; readonly limits?: { readonly memory?: string } };
  readonly readinessProbe?: object;
  readonly livenessProbe?: object;
  readonly ports?: readonly { readonly hostPort?: number }[];
}

interface Pod {
  readonly containers: readonly Restricted[];
  readonly initContainers?: readonly Restricted[];
  readonly securityContext?: Context;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly automountServiceAccountToken?: boolean;
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
}

const VOLUMES: readonly string[] = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

/** What the profile, or we, have against a pod. @param template its spec. */
export function objections(template: object): readonly string[] {
  const pod = template as Pod;
  const { containers, initContainers = [], securityContext = {}, volumes = [] } = pod;
  const found: string[] = [];
  if (pod.hostNetwork || pod.hostPID || pod.hostIPC) found.push("shares what belongs to the node");
  if (pod.automountServiceAccountToken === undefined) found.push("does not say whether it wants a token");
  for (const { name, ...kinds } of volumes)
    for (const kind of Object.keys(kinds))
      if (!VOLUMES.includes(kind)) found.push(`volume ${name} is ${kind}`);
  for (const container of [...containers, ...initContainers]) {
    const context = { ...securityContext, ...container.securityContext };
    const wrong = {
      "may run as root": context.runAsNonRoot !== true || !context.runAsUser,
      "has no seccomp profile": context.seccompProfile?.type !== "RuntimeDefault",
      "may gain privileges": context.allowPrivilegeEscalation !== false || context.privileged === true,
      "keeps capabilities":
        context.capabilities?.drop?.[0] !== "ALL" || context.capabilities.add !== undefined,
      "writes to its image": context.readOnlyRootFilesystem !== true,
      "takes a port of the node": container.ports?.some(({ hostPort }) => hostPort !== undefined) === true,
      "has no bound on memory": container.resources?.limits?.memory === undefined,
      "asks for no resources": container.resources?.requests === undefined,
      "has no probes": container.readinessProbe === undefined || container.livenessProbe === undefined,
    };
    for (const [what, is] of Object.entries(wrong)) if (is) found.push(`${container.name} ${what}`);
  }
  return found;
}
