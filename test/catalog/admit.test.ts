/** Rules of admission that hold for all kinds, and the final form that admitted objects have. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { admit } from "../../src/catalog/admit.ts";
import { refusals, refusedFields, template, written } from "./objects-helper.ts";

test("an unknown field is refused, and a near miss named", () => {
  assert.deepEqual(refusals(written("Trigger", { template: { ref: "t" }, interceptor: [] })), [
    "spec.interceptor: is no field; did you mean interceptors?",
  ]);
  assert.deepEqual(refusals(written("TriggerBinding", { parms: [] })), [
    "spec.parms: is no field; did you mean params?",
  ]);
});

const EVENT_LISTENER = (trigger: unknown) => written("EventListener", { triggers: [trigger] });
const CHAIN = (step: unknown) => EVENT_LISTENER({ template: { ref: "t" }, interceptors: [step] });
for (const [object, reason] of [
  [CHAIN({ ref: { name: "github", params: [] } }), /ref\.params: is no field here: write it beside ref$/],
  [CHAIN({ filter: "true" }), /filter: is no field here: it is a parameter of cel/],
  [
    CHAIN({ cel: { filter: "true" } }),
    /cel: is no field here: write ref: \{name: cel\} and params: \[\{name: filter, value: "true"\}\]$/,
  ],
  [
    CHAIN({ gitlab: { secretRef: { secretName: "s", secretKey: "k" }, eventTypes: ["Push Hook"] } }),
    /write ref: \{name: gitlab\} and params: \[\{name: secretRef, value: \{"secretName":"s","secretKey":"k"\}\}, \{name: eventTypes, value: \["Push Hook"\]\}\]$/,
  ],
  [CHAIN({ bitbucket: {} }), /bitbucket: is no field here: write ref: \{name: bitbucket\}$/],
  [CHAIN({ github: null }), /github: is no field here: write ref: \{name: github\}$/],
  [CHAIN({ cel: { filter: "x".repeat(1000) } }), /cel: is no field here: write ref: \{name: …\}/],
  [CHAIN({ ref: { name: "github" }, secretRef: {} }), /it is a parameter: write it under params/],
  [CHAIN("github"), /must be an object, is the string "github"; write ref: \{name: github\}/],
  [CHAIN({ ref: "github" }), /must be an object, is the string "github"; write ref: \{name: github\}/],
  [
    CHAIN({ ref: { name: "github" }, params: { a: 1 } }),
    /must be a list, is an object; write each entry as "- name: …"/,
  ],
  [EVENT_LISTENER({ template: "build" }), /write template: \{ref: build\}/],
  [
    EVENT_LISTENER({ template: { ref: { name: "build" } } }),
    /must be a string, is an object; write ref: build/,
  ],
  [EVENT_LISTENER({ template: { resourcetemplates: [] } }), /write it under template\.spec/],
  [EVENT_LISTENER({ template: { ref: "t" }, bindings: ["b"] }), /is the string "b"; write ref: b$/],
  [EVENT_LISTENER({ ref: "one" }), /a Trigger is named by triggerRef/],
  [
    written("EventListener", {
      triggerGroups: [{ name: "g", interceptors: [], triggerSelector: { matchLabels: {} } }],
    }),
    /matchLabels: is no field here: write it under labelSelector/,
  ],
  [written("EventListener", { labelSelector: { team: "a" } }), /labels are demanded under matchLabels/],
  [written("EventListener", { interceptors: [] }), /it belongs into a trigger, under spec\.triggers/],
  [
    written("EventListener", { triggers: { template: {} } }),
    /must be a list, is an object; begin each entry with "- "/,
  ],
  [written("Trigger", { triggers: [] }), /a Trigger is one trigger/],
  [written("Trigger", undefined, { template: {} }), /template: is no field here: write it under spec/],
  [written("TriggerBinding", { parameters: [] }), /did you mean params\?/],
  [written("TriggerBinding", { params: [{ name: "a", value: 8 }] }), /is the number 8; put it into quotes/],
  [written("TriggerTemplate", { resourceTemplate: [] }), /did you mean resourcetemplates\?/],
  [written("TriggerTempalte", {}), /did you mean TriggerTemplate\?/],
] as const) {
  test(`what was probably meant is told: ${reason.source}`, () =>
    assert.match(refusals(object).join(), reason));
}

test("unknown fields in metadata pass, as kubectl's output has many", () => {
  const metadata = { name: "x", managedFields: [{}], creationTimestamp: null };
  assert.deepEqual(refusals(written("Trigger", { template: { ref: "t" } }, { metadata })), []);
});

test("field names match without regard to case", () => {
  assert.deepEqual(refusals(written("Trigger", { Template: { REF: "t" } })), []);
});

test("a wrong type tells what came and how to mend it", () => {
  const params = [{ name: "a", value: true }];
  assert.deepEqual(refusals(written("TriggerBinding", { params })), [
    "spec.params[0].value: must be a string, is true; quote it if it is meant as text",
  ]);
});

test("a version that Tekton does not serve is refused with those it does", () => {
  const object = written("Trigger", {}, { apiVersion: "triggers.tekton.dev/v1" });
  assert.match(refusals(object).join(), /triggers\.tekton\.dev\/v1beta1 or triggers\.tekton\.dev\/v1alpha1/);
  assert.deepEqual(refusedFields(written("Triger", {})), ["kind"]);
});

test("no more than fifty things are said of one object", () => {
  const params = Array.from({ length: 1_000 }, () => ({ nme: "a" }));
  assert.equal(refusals(written("TriggerBinding", { params })).length, 50);
});

test("namespaces default, and cluster-scoped kinds have none", () => {
  const params = [{ name: "a", value: "1" }];
  const metadata = { name: "x" };
  assert.equal(
    admit(written("TriggerBinding", { params }, { metadata }), "team").object?.metadata.namespace,
    "team",
  );
  const cluster = admit(written("ClusterTriggerBinding", { params }, { metadata }), "team").object;
  assert.equal(cluster?.metadata.namespace, "");
});

test("a key called __proto__ is a key like any other", () => {
  const labels = JSON.parse('{"__proto__":"a","constructor":"b"}');
  const metadata = { name: "x", labels };
  const { object } = admit(written("Trigger", { template: { ref: "t" } }, { metadata }), "default");
  assert.deepEqual(Object.entries(object?.metadata.labels ?? {}), [
    ["__proto__", "a"],
    ["constructor", "b"],
  ]);
  assert.deepEqual(refusedFields(written("Trigger", JSON.parse('{"template":{"ref":"t"},"__proto__":{}}'))), [
    "spec.__proto__",
  ]);
});

test("a trigger comes out with its defaults applied", () => {
  const spec = {
    bindings: [{ ref: "b" }, { ref: "c", kind: "ClusterTriggerBinding" }, { name: "n", value: "" }],
    template: { ref: "t" },
    serviceAccountName: "sa",
    interceptors: [{ ref: { name: "cel" }, params: [{ name: "filter", value: "true" }] }],
  };
  assert.deepEqual(admit(written("Trigger", spec), "default").object?.spec, {
    serviceAccountName: "sa",
    interceptors: [{ ref: { name: "cel", kind: "ClusterInterceptor" }, params: { filter: "true" } }],
    bindings: [
      { ref: "b", kind: "TriggerBinding" },
      { ref: "c", kind: "ClusterTriggerBinding" },
      { name: "n", value: "" },
    ],
    template: { ref: "t" },
  });
});

test("v1alpha1's inline interceptors become ref and params", () => {
  const secretRef = { secretName: "s", secretKey: "k" };
  const spec = {
    template: { ref: "t" },
    interceptors: [
      { github: { secretRef, eventTypes: ["push"] } },
      { cel: { filter: "true", overlays: [{ key: "a", expression: "1" }] } },
    ],
  };
  const object = written("Trigger", spec, { apiVersion: "triggers.tekton.dev/v1alpha1" });
  const admitted = admit(object, "default").object;
  assert.ok(admitted?.kind === "Trigger");
  assert.deepEqual(admitted.spec.interceptors, [
    { ref: { name: "github", kind: "ClusterInterceptor" }, params: { secretRef, eventTypes: ["push"] } },
    {
      ref: { name: "cel", kind: "ClusterInterceptor" },
      params: { filter: "true", overlays: [{ key: "a", expression: "1" }] },
    },
  ]);
  assert.deepEqual(refusedFields(written("Trigger", spec)), [
    "spec.interceptors[0].github",
    "spec.interceptors[1].cel",
  ]);
});

test("a webhook is kept, and goes before a ref", () => {
  const objectRef = { kind: "Service", apiVersion: "v1", name: "s" };
  const webhook = { objectRef, header: [{ name: "X-Ok", value: ["a", "b"] }] };
  const spec = { template: { ref: "t" }, interceptors: [{ ref: { name: "github" }, webhook }] };
  const { object } = admit(written("Trigger", spec), "default");
  assert.ok(object?.kind === "Trigger");
  assert.deepEqual(object.spec.interceptors, [{ params: {}, webhook }]);
});

test("an interceptor of a kind that does not exist can never be found", () => {
  const spec = { template: { ref: "t" }, interceptors: [{ ref: { name: "cel", kind: "Bogus" } }] };
  const { object } = admit(written("Trigger", spec), "default");
  assert.ok(object?.kind === "Trigger");
  assert.equal(object.spec.interceptors[0]?.ref?.name, "Bogus/cel");
});

test("null entries, which crash Tekton, are refused where they stand", () => {
  const spec = { template: { ref: "t" }, bindings: [null], interceptors: [null] };
  assert.deepEqual(refusedFields(written("Trigger", spec)).sort(), [
    "spec.bindings[0]",
    "spec.interceptors[0]",
  ]);
  const listener = { triggerGroups: [{ interceptors: [null], triggerSelector: { labelSelector: {} } }] };
  assert.deepEqual(refusedFields(written("EventListener", listener)), [
    "spec.triggerGroups[0].interceptors[0]",
  ]);
});

test("resource templates keep their key order", () => {
  const resource = { kind: "ConfigMap", apiVersion: "v1", data: { z: "1", a: "2" } };
  const { object } = admit(written("TriggerTemplate", { resourcetemplates: [resource] }), "default");
  assert.ok(object?.kind === "TriggerTemplate");
  assert.equal(JSON.stringify(object.spec.resourcetemplates[0]), JSON.stringify(resource));
});

test("a template's params must be declared, in keys too", () => {
  const resource = { apiVersion: "v1", kind: "Pod", "$(tt.params.k)": "$(tt.params.a) $(tt.params.b)" };
  const spec = { params: [{ name: "a" }], resourcetemplates: [resource] };
  assert.deepEqual(refusals(written("TriggerTemplate", spec)), [
    "spec.resourcetemplates[0]: uses $(tt.params.k), which is not among the declared params: a",
    "spec.resourcetemplates[0]: uses $(tt.params.b), which is not among the declared params: a",
  ]);
});

test("a listener may set of its pod only what Tekton leaves to it", () => {
  const spec = (pod: object) => ({
    triggers: [{ template: { spec: template } }],
    resources: { kubernetesResource: { spec: { template: { spec: pod } } } },
  });
  const path = "spec.resources.kubernetesResource.spec.template.spec";
  assert.deepEqual(refusedFields(written("EventListener", spec({ hostNetwork: true, volumes: [] }))), [
    `${path}.hostNetwork`,
  ]);
  assert.deepEqual(refusedFields(written("EventListener", spec({ containers: [{ image: "x" }] }))), [
    `${path}.containers[0].image`,
  ]);
  const good = {
    tolerations: [{ key: "a", operator: "Exists" }],
    containers: [{ resources: { limits: { cpu: "500m" } }, livenessProbe: { httpGet: { port: "http" } } }],
  };
  assert.deepEqual(refusals(written("EventListener", spec(good))), []);
  const bad = { containers: [{ resources: { limits: { cpu: "much" } } }] };
  assert.deepEqual(refusedFields(written("EventListener", spec(bad))), [
    `${path}.containers[0].resources.limits.cpu`,
  ]);
});

test("a custom resource is kept as written: an empty list is there, and its own fields have types", () => {
  const custom = (resource: object) =>
    written("EventListener", {
      triggers: [{ template: { spec: template } }],
      resources: { customResource: { apiVersion: "serving.knative.dev/v1", kind: "Service", ...resource } },
    });
  const path = "spec.resources.customResource";
  const pod = (spec: object) => custom({ spec: { template: { spec } } });
  assert.deepEqual(refusedFields(pod({ volumes: [] })), [`${path}.spec.template.spec.volumes`]);
  assert.deepEqual(refusedFields(pod({ containers: [{ args: [] }] })), [
    `${path}.spec.template.spec.containers[0].args`,
  ]);
  assert.deepEqual(refusedFields(pod({ containers: [], tolerations: [] })), []);
  assert.deepEqual(refusedFields(custom({ metadata: ["x"] })), [`${path}.metadata`]);
  assert.deepEqual(refusedFields(custom({ kind: { name: "x" } })), [`${path}.kind`]);
});

test("metadata is typed all through; unknown fields pass in an object's own, and not in a pod's", () => {
  const metadata = (more: object) =>
    written("Trigger", { template: { ref: "x" } }, { metadata: { name: "x", namespace: "d", ...more } });
  for (const more of [
    { finalizers: "a" },
    { generation: "1" },
    { creationTimestamp: "2024-02-30T00:00:00Z" },
    { ownerReferences: [1] },
  ])
    assert.equal(refusedFields(metadata(more)).length, 1, JSON.stringify(more));
  assert.deepEqual(refusals(metadata({ creationTimestamp: "2024-02-29T12:00:00Z", foo: 1 })), []);
  const inPod = (own: object) =>
    written("EventListener", {
      triggers: [{ template: { spec: template } }],
      resources: { kubernetesResource: { spec: { template: { metadata: own } } } },
    });
  assert.deepEqual(refusals(inPod({ labels: { a: "b" } })), []);
  for (const own of [{ foo: 1 }, { labels: { a: 1 } }])
    assert.equal(refusedFields(inPod(own)).length, 1, JSON.stringify(own));
});

test("an apiVersion has one slash at most, and URLs are such as Go parses", () => {
  const resource = { apiVersion: "a/b/c", kind: "Pod" };
  assert.deepEqual(refusedFields(written("TriggerTemplate", { resourcetemplates: [resource] })), [
    "spec.resourcetemplates[0].apiVersion",
  ]);
  const at = (url: string) => refusedFields(written("ClusterInterceptor", { clientConfig: { url } }));
  for (const url of ["http://h\\p", "http://%41.com", "http://[x]", "a_b:x", "://x"])
    assert.deepEqual(at(url), ["spec.clientConfig.url"], url);
  for (const url of ["http://h/?a=%zz", "http://[::1]:80/x", "mailto:a"]) assert.deepEqual(at(url), [], url);
});

test("whatever is written, admission answers", () => {
  const fields =
    "spec metadata triggers bindings interceptors template ref name params resources webhook header".split(
      " ",
    );
  const key = fc.constantFrom(
    ...fields,
    "kubernetesResource",
    "customResource",
    "triggerGroups",
    "__proto__",
  );
  const tree = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 7, withCrossShrink: true },
      fc.constantFrom(null, "", "x", 0, 1.5, true, "$(tt.params.a)", "$(a $(b)"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    ),
  })).value;
  const kind = fc.constantFrom(
    "EventListener",
    "Trigger",
    "TriggerBinding",
    "TriggerTemplate",
    "ClusterInterceptor",
  );
  fc.assert(
    fc.property(kind, tree, tree, (which, spec, metadata) => {
      const { object, findings } = admit(written(which, spec, { metadata }), "default");
      assert.equal(object === undefined, findings.length > 0);
      for (const { reason } of findings) assert.ok(reason.length > 0);
    }),
    { numRuns: 3_000 },
  );
});

test("an inline cel that stays behind a ref is parsed at admission; one that becomes the ref is not", () => {
  const step = (more: object) => {
    const spec = { template: { ref: "t" }, interceptors: [{ cel: { filter: "body.x ==" }, ...more }] };
    return { ...written("Trigger", spec), apiVersion: "triggers.tekton.dev/v1alpha1" };
  };
  assert.deepEqual(refusedFields(step({ ref: { name: "cel" } })), ["spec.interceptors[0].cel.filter"]);
  assert.deepEqual(refusedFields(step({})), []);
});

test("a field that is gone says what replaced it", () => {
  const gone: readonly (readonly [string, object, RegExp])[] = [
    ["Trigger", { template: { name: "t" } }, /template\.name is now template\.ref/],
    ["Trigger", { template: { ref: "t" }, bindings: [{ name: "b" }] }, /write ref: b/],
    ["EventListener", { serviceType: "NodePort" }, /kubernetesResource\.serviceType/],
    ["EventListener", { podTemplate: {} }, /kubernetesResource\.spec\.template\.spec/],
    ["TriggerTemplate", { params: [{ name: "a", type: "string" }] }, /always text; leave the type out/],
    ["TriggerBinding", { params: [{ name: "a", type: "string" }] }, /always text; leave the type out/],
  ];
  for (const [kind, spec, said] of gone) assert.match(refusals(written(kind, spec)).join("\n"), said);
});
