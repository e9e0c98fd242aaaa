/** Compiling listeners: what a plan holds of its objects, and that one broken listener leaves the others whole. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compiled } from "../../../helpers/flows.ts";
import { cel, listener, OPEN, trigger, written } from "../../../helpers/objects.ts";
import { planOf } from "./plan.ts";

describe("a listener's annotations, account and uid", () => {
  test("set the body's limit and its validation; anything but whole bytes above 0 is no limit", async () => {
    const at = async (annotations: Record<string, string>) => {
      const said = { annotations: { ...OPEN.annotations, ...annotations } };
      return (await planOf([listener("git", [trigger("a")], said)])).plan;
    };
    const limited = await at({
      "sluice.dev/max-body-bytes": "1024",
      "tekton.dev/payload-validation": "false",
    });
    assert.deepEqual([limited.maxBodyBytes, limited.payloadValidation], [1_024, false]);
    for (const limit of ["", "0", "-1", "1.5", "1MB", "Infinity", "9".repeat(30)]) {
      assert.equal("maxBodyBytes" in (await at({ "sluice.dev/max-body-bytes": limit })), false, limit);
    }
    assert.equal((await at({ "tekton.dev/payload-validation": "true" })).payloadValidation, true);
  });

  test("give a uid that stays the same for a listener from a file, and the cluster's where there is one", async () => {
    const git = listener("git", [trigger("a")], OPEN);
    const { plan } = await planOf([git]);
    assert.match(plan.uid, /^[0-9a-f]{32}$/);
    assert.equal((await planOf([git])).plan.uid, plan.uid);
    const spec = { triggers: [trigger("a")] };
    const uid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    const known = written("EventListener", "git", spec, { ...OPEN, uid });
    assert.equal((await planOf([known])).plan.uid, uid);
  });

  test("give the account that Tekton would give its pod: the pod template's goes first", async () => {
    const account = async (spec: object) => {
      const { plan } = await planOf([listener("git", [trigger("t")], { ...OPEN, ...spec })]);
      return plan?.serviceAccount;
    };
    const pod = { spec: { template: { spec: { serviceAccountName: "pod" } } } };
    const own = { serviceAccountName: "own" };
    assert.equal(await account({ ...own, resources: { kubernetesResource: pod } }), "pod");
    assert.equal(await account({ ...own, resources: { kubernetesResource: { replicas: 1 } } }), "own");
    const service = { apiVersion: "serving.knative.dev/v1", kind: "Service" };
    assert.equal(await account({ ...own, resources: { customResource: { ...service, ...pod } } }), "pod");
    assert.equal(await account({ ...own, resources: { customResource: service } }), undefined);
  });
});

test("one broken listener does not hide the others: all are compiled, and all faults are said", async () => {
  const { plans, errors } = await compiled([
    listener("bad", [trigger("a", [cel("(")])], OPEN),
    listener("git", [trigger("a")], OPEN),
    listener("worse", [trigger("a", [cel(")")])], OPEN),
  ]);
  assert.deepEqual(
    plans.all().map(({ name }) => name),
    ["bad", "git", "worse"],
  );
  assert.equal(errors.length, 2);
});
