/** Plans: a listener compiled once, so that an event meets only functions. */

import type { Cost } from "./cost-budget.ts";
import type { TraceStep } from "./decision.ts";
import type { Event, ObjectName } from "./delivery.ts";
import type { SluiceError } from "./errors.ts";
import type { CompiledInterceptor, ProofDemand } from "./interceptor.ts";
import type { KubernetesObject } from "./job.ts";

/** Param name to its value as JSON-escaped text: what stands between the quotes in a template. */
export type Params = ReadonlyMap<string, string>;

/** Bindings of one trigger, compiled. @throws SluiceError SLUICE_PATH_MISSING, SLUICE_PARAM_DUPLICATE, SLUICE_COST_EXCEEDED. */
export interface BindPlan {
  (event: Event, cost?: Cost): Params;
  /** The params that may hold the value of a sensitive header: traces mask them. Absent: none. */
  readonly sensitive?: ReadonlySet<string>;
  /** Param to the headers that it names: where a proof reads one of them, traces mask it too. Absent: none. */
  readonly headers?: ReadonlyMap<string, readonly string[]>;
}

/** What names and labels are made of. */
export interface RenderContext {
  readonly delivery: string;
  readonly listener: ObjectName;
  readonly trigger: ObjectName;
  /** What tells triggers apart where names do not; identities are made of it, labels of the name. Default: the name. */
  readonly key?: string;
}

/**
 * A template, parsed.
 *
 * @param onBroken told of the first resource that gives no usable object, where those before it are to be made all the
 *   same: they are the result then. Absent, or nothing stands before it: it is thrown.
 * @throws SluiceError SLUICE_TEMPLATE_BROKEN, SLUICE_COST_EXCEEDED.
 */
export type RenderPlan = (
  params: Params,
  context: RenderContext,
  cost?: Cost,
  onBroken?: (error: SluiceError) => void,
) => readonly KubernetesObject[];

/** What a field of a template is written with: the params whose variables stand in it, each with its binding's text. */
export type FieldOrigin = (
  resource: number,
  path: readonly string[],
) => readonly { readonly param: string; readonly value: string | undefined }[];

/** One interceptor of a chain with the name people know it by. */
export interface ChainStep {
  readonly name: string;
  readonly interceptor: CompiledInterceptor;
}

export interface TriggerPlan extends ObjectName {
  /** Tells the listener's triggers apart where names do not: Tekton lets inline triggers go without one. */
  readonly key: string;
  /** Of one without a name: its listener and place, for people. */
  readonly shown?: string;
  /** Every proof its chain demands; empty only where "no verification" was spelled out, or `fault` says it was not. */
  readonly proofs: readonly ProofDemand[];
  readonly chain: readonly ChainStep[];
  readonly bind: BindPlan;
  readonly render: RenderPlan;
  /** Where one of its objects is not usable, none is made. */
  readonly whole?: true;
  /** For words about a field of an object that no API server takes. */
  readonly origin?: FieldOrigin;
  readonly serviceAccount?: string;
  /** By the name that operators gave it; the gateway's own target without one. */
  readonly cluster?: string;
  /**
   * Its object, or an interceptor that was to prove the sender, cannot be read, so nobody knows which proofs it demands:
   * it takes no sender for proved.
   */
  readonly unreadable?: true;
  /**
   * Its namespace is another than the listener's, and the right to see it was not shown: neither its proofs nor its chain
   * are asked. With a code that passes (retry soon) nobody knows just now.
   */
  readonly barred?: SluiceError;
  /** A trigger that cannot fire (missing binding, no declared proof, …): each of its decisions fails with this. */
  readonly fault?: SluiceError;
  /** The step that `fault` is about; absent: binding its params. */
  readonly faultAt?: Pick<TraceStep, "station" | "name">;
}

/** A trigger for people. */
export function shownTrigger({ namespace, key, shown }: TriggerPlan): string {
  return shown ?? `${namespace}/${key}`;
}

/** Triggers behind a shared chain; inline triggers stand in a group with an empty one. */
export interface TriggerGroupPlan {
  readonly name: string;
  readonly chain: readonly ChainStep[];
  readonly triggers: readonly TriggerPlan[];
}

/**
 * What becomes of a delivery whose sender brings it again: only what had failed is tried again (the default), nothing
 * is, or it is one of its own.
 */
export type OnDuplicate = "retry-failed" | "ignore" | "rerun";

export interface ListenerPlan extends ObjectName {
  readonly uid: string;
  /** Under which its pod would run in Tekton; `default` without one. */
  readonly serviceAccount?: string;
  readonly groups: readonly TriggerGroupPlan[];
  /** What proofs read of its deliveries, beside headers that are masked by their name (see `ProofDemand.hides`). */
  readonly hides?: readonly string[];
  /** Bytes; undefined leaves the gateway's own limit. */
  readonly maxBodyBytes?: number;
  /** Spelled out that anybody may send, where no trigger demands a proof. */
  readonly open?: true;
  /** Who may send after a CloudEvents handshake, `*` for anybody. Absent: anybody where {@link open}, else nobody. */
  readonly origins?: readonly string[];
  /** False lets bodies through that are no JSON. */
  readonly payloadValidation: boolean;
  /** Absent: `retry-failed`. */
  readonly onDuplicate?: OnDuplicate;
  /** True when some chain leaves this process, so that a decision may take its time. */
  readonly remote: boolean;
  /** The listener itself cannot be read: every delivery is refused with this. */
  readonly fault?: SluiceError;
  /** Namespaces other than the listener's that triggers were selected from; absent: none. */
  readonly foreign?: readonly string[];
  /** Whether some trigger has no name. */
  readonly unnamed?: true;
  /** Where CloudEvents about the processing of deliveries are sent. */
  readonly cloudEventURI?: string;
}

/** The listeners in force now. Replaced as a whole when the catalog changes, never edited. */
export interface Plans {
  find(namespace: string, name: string): ListenerPlan | undefined;
  all(): readonly ListenerPlan[];
  /** Why listeners may be declared that are not among these; undefined or absent: everything declared was read. */
  unread?(): string | undefined;
}

/**
 * The plan as its listener may use it just now: triggers that it may not see are barred. To be asked wherever a plan is
 * about to be used; where operators wrote the objects, it is the plan itself.
 */
export type VisiblePlan = (plan: ListenerPlan) => ListenerPlan | Promise<ListenerPlan>;

/** Of objects that one operator wrote. */
export const allVisible: VisiblePlan = (plan) => plan;
