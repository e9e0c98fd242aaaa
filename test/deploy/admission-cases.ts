/** Objects that our definitions of Tekton's kinds must take, and such that they must refuse. */

import type { JsonObject } from "../../src/core/json.ts";

const V1BETA1 = "triggers.tekton.dev/v1beta1";
const listener = (spec: JsonObject, name = "x"): JsonObject => ({
  ...{ apiVersion: V1BETA1, kind: "EventListener", metadata: { name }, spec },
});
const trigger = (spec: JsonObject): JsonObject => ({
  ...{ apiVersion: V1BETA1, kind: "Trigger", metadata: { name: "x" }, spec },
});
const inline = (fields: JsonObject): JsonObject => listener({ triggers: [fields] });
const template: JsonObject = { ref: "build" };
const created: JsonObject = {
  apiVersion: "tekton.dev/v1",
  kind: "PipelineRun",
  metadata: { generateName: "x-" },
};
const interceptor = (clientConfig: JsonObject): JsonObject => ({
  ...{ apiVersion: "triggers.tekton.dev/v1alpha1", kind: "ClusterInterceptor", metadata: { name: "x" } },
  spec: { clientConfig },
});
const binding = (params: JsonObject[]): JsonObject => ({
  ...{ apiVersion: V1BETA1, kind: "TriggerBinding", metadata: { name: "x" }, spec: { params } },
});

/** What must be taken. */
export const TAKEN: Readonly<Record<string, JsonObject>> = {
  "a trigger by reference": inline({ triggerRef: "x" }),
  "a reference beside empty lists": inline({ triggerRef: "x", bindings: [], interceptors: [] }),
  "an inline trigger": inline({
    template,
    interceptors: [{ ref: { name: "cel" }, params: [{ name: "filter", value: "true" }] }],
  }),
  "a template said inline": trigger({ template: { spec: { resourcetemplates: [created] } } }),
  "a selector": listener({ labelSelector: { matchLabels: { a: "b" } } }),
  "a webhook": trigger({
    ...{ template },
    interceptors: [
      {
        webhook: {
          objectRef: { kind: "Service", apiVersion: "v1", name: "x" },
          header: [{ name: "A", value: ["b"] }],
        },
      },
    ],
  }),
  "the longest name": listener({ triggers: [{ template }] }, "x".repeat(60)),
  "pod fields of any kind": listener({
    triggers: [],
    resources: { kubernetesResource: { spec: { template: { spec: { a: 1 } } } } },
  }),
  "a status of any kind": {
    ...inline({ template }),
    status: { address: { url: "http://x" }, conditions: [{ type: "Ready", status: "True", severity: "x" }] },
  },
};

/** What must be refused, and what is said of it first. */
export const REFUSED: Readonly<Record<string, readonly [JsonObject, RegExp]>> = {
  "a listener that starts nothing": [
    listener({ serviceAccountName: "x" }),
    /^\/spec must have triggers, triggerGroups/,
  ],
  "a selector of no names": [listener({ namespaceSelector: {} }), /^\/spec must have triggers/],
  "a name that leaves no room for el-": [listener({ triggers: [] }, "x".repeat(61)), /no more than 60/],
  "a trigger without template": [
    inline({ name: "x" }),
    /^\/spec\/triggers\/0 must have a triggerRef or a template/,
  ],
  "a trigger by reference and inline": [inline({ triggerRef: "x", template }), /and not both/],
  "interceptors beside a reference": [
    inline({ triggerRef: "x", interceptors: [{ ref: { name: "cel" } }] }),
    /would be ignored/,
  ],
  "an interceptor that names nothing": [
    trigger({ template, interceptors: [{ params: [] }] }),
    /^\/spec\/interceptors\/0 must have a ref or a webhook/,
  ],
  "an interceptor of older days": [
    trigger({ template, interceptors: [{ ref: { name: "github" }, github: { secretRef: {} } }] }),
    /today's form/,
  ],
  "an interceptor that is misspelt": [
    trigger({ template, interceptor: [] }),
    /additional properties: interceptor$/,
  ],
  "a webhook that is no Service": [
    trigger({
      template,
      interceptors: [{ webhook: { objectRef: { kind: "Pod", apiVersion: "v1", name: "x" } } }],
    }),
    /equal to one of the allowed values/,
  ],
  "a template by name and inline": [
    trigger({ template: { ref: "x", spec: { resourcetemplates: [created] } } }),
    /^\/spec\/template must have a ref or a spec/,
  ],
  "a template that creates nothing": [
    trigger({ template: { spec: { resourcetemplates: [] } } }),
    /fewer than 1 items/,
  ],
  "an object without a kind": [
    trigger({ template: { spec: { resourcetemplates: [{ apiVersion: "v1" }] } } }),
    /required property 'kind'/,
  ],
  "a binding of neither form": [
    trigger({ template, bindings: [{ name: "x" }] }),
    /^\/spec\/bindings\/0 must have a ref, or name and value/,
  ],
  "a binding of both forms": [
    trigger({ template, bindings: [{ ref: "x", name: "x" }] }),
    /must have a ref, or name and value/,
  ],
  "a group that selects nothing": [
    listener({ triggerGroups: [{ interceptors: [], triggerSelector: {} }] }),
    /must have a labelSelector/,
  ],
  "a trigger's name that fits into no label": [inline({ name: "a b", template }), /match pattern/],
  "a param that is declared twice": [
    binding([
      { name: "x", value: "1" },
      { name: "x", value: "2" },
    ]),
    /list-map-keys/,
  ],
  "a binding without params": [binding([]), /fewer than 1 items/],
  "a name that fits into no label": [
    { ...trigger({ template }), metadata: { name: "x".repeat(64) } },
    /no more than 63/,
  ],
  "a number where text is wanted": [binding([{ name: "x", value: 1 }]), /must be string/],
  "an interceptor at two addresses": [
    interceptor({ url: "http://x", service: { name: "x", namespace: "y" } }),
    /must have a url or a service/,
  ],
  "a service without namespace": [interceptor({ service: { name: "x" } }), /required property 'namespace'/],
};
