/** What `kubectl apply -k` would apply: the objects of a folder, read without a cluster. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { ROOT } from "../helpers/process.ts";
import { ensureProgram } from "../helpers/programs.ts";

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly rules?: readonly RbacRule[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[];
}

export type Labels = Readonly<Record<string, string>>;
export interface Selector {
  readonly matchLabels: Labels;
}

interface Port {
  readonly name: string;
  readonly containerPort: number;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly valueFrom: {
      readonly secretKeyRef?: { readonly name: string; readonly key: string };
      readonly fieldRef?: { readonly fieldPath: string };
    };
  }[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly ports: readonly Port[];
  readonly lifecycle?: object;
}

interface Workload {
  readonly replicas?: number;
  readonly selector: Selector;
  readonly template: {
    readonly metadata: { readonly labels: Labels };
    readonly spec: {
      readonly containers: readonly Container[];
      readonly terminationGracePeriodSeconds: number;
      readonly topologySpreadConstraints?: readonly {
        readonly topologyKey: string;
        readonly labelSelector: Selector;
      }[];
    };
  };
}

/** What tests look at in the spec of a kind. */
interface Specs {
  readonly Deployment: Workload;
  readonly StatefulSet: Workload;
  readonly Service: {
    readonly selector: Labels;
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort?: string }[];
  };
  readonly PodDisruptionBudget: { readonly maxUnavailable: number; readonly selector: Selector };
  readonly HorizontalPodAutoscaler: {
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly scaleTargetRef: object;
  };
  readonly NetworkPolicy: {
    readonly podSelector: Selector;
    readonly ingress: readonly { readonly from?: readonly object[]; readonly ports: readonly object[] }[];
    readonly egress?: readonly object[];
  };
}

export type Of<K extends keyof Specs> = Manifest & { readonly spec: Specs[K] };

/** The objects of a kind. */
export function of<K extends keyof Specs>(objects: readonly Manifest[], kind: K): readonly Of<K>[] {
  return objects.filter((object): object is Of<K> => object.kind === kind);
}

export interface RbacRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The program, or undefined where there is none and no way to install it. */
export function findKubectl(): string | undefined {
  try {
    return ensureProgram("kubectl", "kubernetes-client");
  } catch {
    return undefined;
  }
}

/** @param folder below deploy/. @throws Error with what kubectl said. */
export function build(kubectl: string, folder: string): readonly Manifest[] {
  const path = join(ROOT, "deploy", folder);
  const { status, stdout, stderr } = spawnSync(kubectl, ["kustomize", path], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${folder}: ${stderr}`);
  return parseAllDocuments(stdout).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as Manifest;
  });
}

/** `Deployment/sluice`. */
export const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;
