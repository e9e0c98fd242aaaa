/** What tests of the flows send and declare: objects as operators write them, requests as providers send them. */

import { createHmac } from "node:crypto";
import type { Delivery } from "../../src/core/delivery.ts";
import { headersFromPairs } from "../../src/core/headers.ts";

/** An object as an operator writes it. */
export type Written = Readonly<Record<string, unknown>>;

export const NAMESPACE = "ci";

/** A Secret with the key `token`, and more keys where they are given. */
export function secret(name: string, token: string, more: Readonly<Record<string, string>> = {}): Written {
  const metadata = { name, namespace: NAMESPACE };
  return { apiVersion: "v1", kind: "Secret", metadata, stringData: { token, ...more } };
}

export function written(kind: string, name: string, spec: unknown, metadata: Written = {}): Written {
  const version = kind.endsWith("Interceptor") ? "v1alpha1" : "v1beta1";
  const place = kind.startsWith("Cluster") ? {} : { namespace: NAMESPACE };
  return {
    apiVersion: `triggers.tekton.dev/${version}`,
    kind,
    metadata: { name, ...place, ...metadata },
    spec,
  };
}

export function listener(
  name: string,
  triggers: readonly unknown[],
  { annotations = {}, ...spec }: Written = {},
): Written {
  return written("EventListener", name, { triggers, ...spec }, { annotations });
}

/** Says that a listener's triggers are meant to fire for anybody. */
export const OPEN = { annotations: { "sluice.dev/verification": "none" } };

/** An interceptor that demands GitHub's signature under Secret `name`. */
export function github(name = "hook", more: Readonly<Record<string, unknown>> = {}): Written {
  const params = { secretRef: { secretName: name, secretKey: "token" }, ...more };
  return interceptor("github", params);
}

export function cel(filter: string, overlays?: readonly Written[]): Written {
  return interceptor("cel", { filter, ...(overlays && { overlays }) });
}

export function interceptor(name: string, params: Written = {}, kind = "ClusterInterceptor"): Written {
  const list = Object.entries(params).map(([key, value]) => ({ name: key, value }));
  return { ref: { name, kind }, params: list };
}

/** A template of PipelineRuns `<prefix>-…` with the param `ref`. */
export function template(...prefixes: readonly string[]): Written {
  const resourcetemplates = prefixes.map((prefix) => ({
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: { generateName: `${prefix}-` },
    spec: { pipelineRef: { name: "build" }, params: [{ name: "ref", value: "$(tt.params.ref)" }] },
  }));
  return { spec: { params: [{ name: "ref" }], resourcetemplates } };
}

/** A trigger that binds `body.ref` and makes one PipelineRun. */
export function trigger(name: string, interceptors: readonly Written[] = [], more: Written = {}): Written {
  const bindings = [{ name: "ref", value: "$(body.ref)" }];
  return {
    ...(name !== "" && { name }),
    interceptors,
    bindings,
    template: template(name === "" ? "run" : name),
    ...more,
  };
}

/** The EventListener `git`, with one trigger that demands GitHub's signature under Secret `hook`, whose token is `s3cret`. */
export const SIGNED: readonly Written[] = [
  secret("hook", "s3cret"),
  listener("git", [trigger("build", [github()])]),
];

/** The listener `git` of which every trigger demands the proof of {@link SIGNED}. */
export function signed(...triggers: readonly Written[]): readonly Written[] {
  const proved = triggers.map((one) => ({
    ...one,
    interceptors: [github(), ...((one["interceptors"] as readonly Written[] | undefined) ?? [])],
  }));
  return [secret("hook", "s3cret"), listener("git", proved)];
}

export interface RequestOptions {
  /** What it is signed with; undefined sends no signature. */
  readonly token?: string | undefined;
  /** X-GitHub-Delivery: tells redeliveries from further events. */
  readonly id?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly at?: number;
}

export type Arrival = Omit<Delivery, "id" | "listener">;

/** A push as GitHub sends it. */
export function push(options: RequestOptions = {}): Arrival {
  const { token, id = crypto.randomUUID(), body = '{"ref":"refs/heads/main"}', at = Date.now() } = options;
  const github = { "x-github-event": "push", "x-github-delivery": id };
  const proof = token === undefined ? {} : { "x-hub-signature-256": signature(token, body) };
  return generic({ body, at, headers: { ...github, ...proof, ...options.headers } });
}

/** A request of nobody in particular: nothing in it tells a second sending from a second event. */
export function generic({ body = "{}", at = Date.now(), headers = {} }: RequestOptions = {}): Arrival {
  const pairs = Object.entries({ "content-type": "application/json", ...headers }).flat();
  const place = { method: "POST", url: "/ci/git" };
  return { ...place, receivedAt: at, headers: headersFromPairs(pairs), body: Buffer.from(body) };
}

export function signature(token: string, body: string): string {
  return `sha256=${createHmac("sha256", token).update(body).digest("hex")}`;
}

/** A ClusterInterceptor that lives at `url`. */
export function remote(name: string, url: string): Written {
  return written("ClusterInterceptor", name, { clientConfig: { url } });
}
