/** The Tekton objects that operators declare, with defaults applied, as the catalog hands them to the compiler. */

import type { SluiceError } from "./errors.ts";
import type { JsonObject } from "./json.ts";

export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Declared<Kind extends string, Spec> {
  readonly kind: Kind;
  readonly metadata: Metadata;
  readonly spec: Spec;
  /** It is there, but nothing can be made of it: `spec` is empty, and what would fire it fails with this. */
  readonly fault?: SluiceError;
}

export interface InterceptorRef {
  /** `ref.name`; built-ins are called github, gitlab, bitbucket, slack, cel. */
  readonly name: string;
  readonly kind: "ClusterInterceptor" | "NamespacedInterceptor";
}

/** One entry of `interceptors:`. Exactly one of ref and webhook is set. */
export interface InterceptorSpec {
  readonly name?: string;
  readonly ref?: InterceptorRef;
  /** Parameters by name, as the user wrote them. */
  readonly params: JsonObject;
  /** The legacy inline form, kept as written. */
  readonly webhook?: JsonObject;
}

/** One entry of `bindings:`: a reference, or one param inline. */
export type BindingSpec =
  | { readonly ref: string; readonly kind: "TriggerBinding" | "ClusterTriggerBinding" }
  | { readonly name: string; readonly value: string };

export type TemplateSpecOrRef = { readonly ref: string } | { readonly spec: TriggerTemplateSpec };

export interface TriggerSpec {
  readonly name?: string;
  readonly serviceAccountName?: string;
  readonly interceptors: readonly InterceptorSpec[];
  readonly bindings: readonly BindingSpec[];
  readonly template: TemplateSpecOrRef;
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface NamespaceSelector {
  readonly matchNames?: readonly string[];
}

export interface TriggerGroupSpec {
  readonly name: string;
  readonly interceptors: readonly InterceptorSpec[];
  readonly labelSelector?: LabelSelector;
  readonly namespaceSelector?: NamespaceSelector;
}

export interface EventListenerSpec {
  /** Under which Tekton runs its pod, wherever in the object it stands; absent: the namespace's `default`. */
  readonly serviceAccountName?: string;
  readonly triggers: readonly (TriggerSpec | { readonly triggerRef: string })[];
  readonly triggerGroups: readonly TriggerGroupSpec[];
  readonly namespaceSelector?: NamespaceSelector;
  readonly labelSelector?: LabelSelector;
  readonly cloudEventURI?: string;
}

export interface ParamSpec {
  readonly name: string;
  readonly value: string;
}

export interface TemplateParam {
  readonly name: string;
  readonly description?: string;
  readonly default?: string;
}

export interface TriggerTemplateSpec {
  readonly params: readonly TemplateParam[];
  /** Key order as written: Tekton pastes values into the text. */
  readonly resourcetemplates: readonly JsonObject[];
}

export type EventListener = Declared<"EventListener", EventListenerSpec>;
export type Trigger = Declared<"Trigger", TriggerSpec>;
export type TriggerBinding = Declared<"TriggerBinding", { readonly params: readonly ParamSpec[] }>;
export type ClusterTriggerBinding = Declared<
  "ClusterTriggerBinding",
  { readonly params: readonly ParamSpec[] }
>;
export type TriggerTemplate = Declared<"TriggerTemplate", TriggerTemplateSpec>;
/** Remote interceptors, kept as written until they are compiled. */
export type ClusterInterceptor = Declared<"ClusterInterceptor", JsonObject> & WithStatus;
export type NamespacedInterceptor = Declared<"Interceptor", JsonObject> & WithStatus;

/** What Tekton's controller wrote: an address in it goes before the one in the spec. */
interface WithStatus {
  readonly status?: JsonObject;
}

export type TektonObject =
  | EventListener
  | Trigger
  | TriggerBinding
  | ClusterTriggerBinding
  | TriggerTemplate
  | ClusterInterceptor
  | NamespacedInterceptor;

/** Everything declared at one moment, by kind; looked up by namespace and name. */
export interface Declarations {
  readonly listeners: readonly EventListener[];
  /** Cluster-scoped kinds are looked up with namespace "". */
  find<K extends TektonObject["kind"]>(
    kind: K,
    namespace: string,
    name: string,
  ): Extract<TektonObject, { kind: K }> | undefined;
  /** All Triggers of the namespaces, or of every namespace for "*". */
  triggers(namespaces: readonly string[] | "*"): readonly Trigger[];
}

/** Cluster-scoped kinds have no namespace. */
export const CLUSTER_SCOPED: ReadonlySet<string> = new Set(["ClusterTriggerBinding", "ClusterInterceptor"]);
