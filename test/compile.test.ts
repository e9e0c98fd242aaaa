/** Compiling listeners: what a plan holds of its objects, what keeps a file from coming into force, and what is only said. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compiled } from "./helpers/flows.ts";
import {
  cel,
  github,
  interceptor,
  listener,
  OPEN,
  remote,
  secret,
  template,
  trigger,
  written,
} from "./helpers/objects.ts";

async function planOf(...objects: Parameters<typeof compiled>) {
  const { plans, errors, warnings } = await compiled(...objects);
  const plan = plans.find("ci", "git");
  assert.ok(plan);
  const triggers = plan.groups.flatMap((group) => group.triggers);
  const said = (found: typeof errors) => found.map(({ code, message }) => `${code} ${message}`);
  return { plan, triggers, errors, errorsSaid: said(errors), warningsSaid: said(warnings) };
}

describe("a listener's annotations and uid", () => {
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
});

describe("the cluster that a template asks for", () => {
  const clusters = new Set(["west", "east"]);
  const asking = (name: string) => ({ annotations: { ...OPEN.annotations, "sluice.dev/cluster": name } });
  const { spec } = template("run") as { readonly spec: unknown };
  const byRef = listener("git", [trigger("a", [], { template: { ref: "tt" } })], OPEN);

  test("stands on its TriggerTemplate, or on the object that holds it inline", async () => {
    const annotations = { "sluice.dev/cluster": "west" };
    const west = written("TriggerTemplate", "tt", spec, { annotations });
    const { triggers, warnings } = await compiledFor([west, byRef]);
    assert.deepEqual([triggers[0]?.cluster, triggers[0]?.fault, warnings], ["west", undefined, []]);
    const inline = await compiledFor([listener("git", [trigger("a")], asking("east"))]);
    assert.equal(inline.triggers[0]?.cluster, "east");
    const none = await compiledFor([listener("git", [trigger("a")], OPEN)]);
    assert.equal("cluster" in (none.triggers[0] ?? {}), false);
  });

  test("is never another than that: what nobody named, or what a payload would choose, fails the trigger", async () => {
    for (const name of ["nort", "", "$(tt.params.ref)", "constructor"]) {
      const { triggers, warnings } = await compiledFor([
        written("TriggerTemplate", "tt", spec, asking(name)),
        byRef,
      ]);
      assert.equal(triggers[0]?.fault?.code, "SLUICE_CLUSTER_UNKNOWN", name);
      assert.match(
        warnings[0]?.message ?? "",
        /TriggerTemplate ci\/tt asks for cluster .*; known: west, east$/,
      );
      assert.ok((warnings[0]?.at?.line ?? 0) > 0);
    }
  });

  async function compiledFor(objects: Parameters<typeof compiled>[0]) {
    const { plans, warnings } = await compiled(objects, { clusters });
    return { triggers: plans.find("ci", "git")?.groups.flatMap((group) => group.triggers) ?? [], warnings };
  }
});

describe("a chain", () => {
  test("leaves the process only where a remote interceptor stands in it, with a group or a trigger", async () => {
    const gate = { ref: { name: "gate" } };
    const at = remote("gate", "http://127.0.0.1:1/");
    assert.equal(
      (await planOf([at, listener("git", [trigger("a", [cel("true")])], OPEN)])).plan.remote,
      false,
    );
    assert.equal((await planOf([at, listener("git", [trigger("a", [gate])])])).plan.remote, true);
    const labels = { team: "a" };
    const group = {
      name: "g",
      interceptors: [gate],
      triggerSelector: { labelSelector: { matchLabels: labels } },
    };
    const one = written("Trigger", "one", trigger("", []), { labels });
    const { plan, triggers } = await planOf([at, one, listener("git", [], { triggerGroups: [group] })]);
    assert.deepEqual([plan.remote, triggers.length], [true, 1]);
    assert.equal(triggers[0]?.fault, undefined, "a remote interceptor may prove the sender");
  });

  test("has the built-in interceptor, not the ClusterInterceptor that Tekton ships under its name", async () => {
    const shipped = remote("cel", "http://tekton.test/cel");
    const { plan } = await planOf([shipped, listener("git", [trigger("a", [cel("true")])], OPEN)]);
    assert.equal(plan.remote, false);
  });

  const broken: readonly [string, ReturnType<typeof cel>, RegExp][] = [
    ["CEL that does not compile", cel("body.ref =="), /^SLUICE_CEL_SYNTAX /],
    ["an interceptor that nobody knows", interceptor("gitub"), /^SLUICE_INTERCEPTOR_UNKNOWN .*gitub/],
    ["a parameter that is misspelt", interceptor("cel", { filtr: "true" }), /^SLUICE_INTERCEPTOR_PARAMS /],
  ];
  for (const [what, step, fault] of broken) {
    test(`with ${what} is an error with its place, and the trigger cannot fire without the step`, async () => {
      const { errors, errorsSaid, triggers } = await planOf([listener("git", [trigger("a", [step])], OPEN)]);
      assert.equal(errors.length, 1);
      assert.match(errorsSaid[0] ?? "", fault);
      assert.match(errors[0]?.values["field"] ?? "", /^spec\.triggers\[0\]\.interceptors\[0\]/);
      assert.ok((errors[0]?.at?.line ?? 0) > 0);
      assert.equal(triggers[0]?.fault?.code, errors[0]?.code);
    });
  }

  test("of a group that does not compile keeps every trigger behind it from firing", async () => {
    const labels = { team: "a" };
    const chosen = { triggerSelector: { labelSelector: { matchLabels: labels } } };
    const unreadable = { labelSelector: { matchExpressions: [{ key: "a", operator: "Near" }] } };
    const triggerGroups = [
      { name: "unreadable", interceptors: [cel("true")], triggerSelector: unreadable },
      { name: "shared", interceptors: [cel("true"), cel("body.ref ==")], ...chosen },
    ];
    const one = written("Trigger", "one", trigger("", []), { labels });
    const { errors, triggers } = await planOf([one, listener("git", [], { ...OPEN, triggerGroups })]);
    assert.deepEqual(
      errors.map(({ code }) => code),
      ["SLUICE_CEL_SYNTAX"],
    );
    assert.match(errors[0]?.values["field"] ?? "", /^spec\.triggerGroups\[1\]\.interceptors\[1\]/);
    assert.deepEqual(
      triggers.map(({ fault }) => fault?.code),
      ["SLUICE_CEL_SYNTAX"],
    );
  });
});

describe("a trigger", () => {
  test("demands every proof of its chain and its group's", async () => {
    const labels = { team: "a" };
    const chosen = { triggerSelector: { labelSelector: { matchLabels: labels } } };
    const triggerGroups = [{ name: "shared", interceptors: [github("group")], ...chosen }];
    const one = written("Trigger", "one", trigger("", [github("own")]), { labels });
    const { triggers } = await planOf([one, listener("git", [], { triggerGroups })]);
    assert.deepEqual(
      triggers[0]?.proofs.map(({ secret: { name } }) => name),
      ["group", "own"],
    );
  });

  test("without proof is a warning that names it, and cannot fire; declared or allowed, it can", async () => {
    const objects = [listener("git", [trigger("a", [cel("true")]), trigger("", [interceptor("github")])])];
    const { triggers, errorsSaid, warningsSaid } = await planOf(objects);
    assert.deepEqual(
      triggers.map(({ fault }) => fault?.code),
      ["SLUICE_PROOF_UNDECLARED", "SLUICE_PROOF_UNDECLARED"],
    );
    assert.deepEqual(errorsSaid, []);
    assert.match(warningsSaid[0] ?? "", /SLUICE_PROOF_UNDECLARED trigger ci\/a demands no proof/);
    const allowed = await planOf(objects, { unverified: "allow" });
    assert.deepEqual(
      allowed.triggers.map(({ fault }) => fault),
      [undefined, undefined],
    );
    for (const word of ["None", "no", ""]) {
      const said = { annotations: { "sluice.dev/verification": word } };
      const unclear = await planOf([listener("git", [trigger("a")], said)]);
      assert.equal(unclear.triggers[0]?.fault?.code, "SLUICE_PROOF_UNDECLARED", word);
    }
  });

  test("that asks GitHub for more than the event holds has proved nobody by that", async () => {
    const personalAccessToken = { secretName: "hook", secretKey: "token" };
    const chains = [
      { addChangedFiles: { enabled: true, personalAccessToken } },
      { githubOwners: { enabled: true, personalAccessToken, checkType: "all" } },
    ];
    const asking = chains.map((params, i) => trigger(`t${i}`, [interceptor("github", params)]));
    const { plan, triggers } = await planOf([secret("hook", "x"), listener("git", asking)]);
    assert.equal(plan.remote, true);
    assert.deepEqual(
      triggers.map(({ fault }) => fault?.code),
      ["SLUICE_PROOF_UNDECLARED", "SLUICE_PROOF_UNDECLARED"],
    );
  });

  test("may say for itself that it is open; it says nothing for the others of its listener", async () => {
    const open = written("Trigger", "open", trigger("", []), OPEN);
    const { triggers } = await planOf([open, listener("git", [{ triggerRef: "open" }, trigger("a")])]);
    assert.deepEqual(
      triggers.map(({ fault }) => fault?.code),
      [undefined, "SLUICE_PROOF_UNDECLARED"],
    );
  });

  test("that compares a Secret with the event has a proof of its own, unless another way leads around it", async () => {
    const compare = "body.token.compareSecret('token', 'hook')";
    const filters = [compare, `${compare} || true`, "'x'.compareSecret('token', 'hook')"];
    const triggers = filters.map((filter, i) => trigger(`t${i}`, [cel(filter)]));
    const made = await planOf([secret("hook", "x"), listener("git", triggers)]);
    const undeclared = "SLUICE_PROOF_UNDECLARED";
    assert.deepEqual(
      made.triggers.map(({ fault }) => fault?.code),
      [undefined, undeclared, undeclared],
    );
  });

  test("keeps its own service account apart from its listener's", async () => {
    const own = trigger("own", [], { serviceAccountName: "builder" });
    const triggers = [own, trigger("none"), trigger("empty", [], { serviceAccountName: "" })];
    const accounts = async (more: object) => {
      const { plan, triggers: made } = await planOf([listener("git", triggers, { ...OPEN, ...more })]);
      return [plan?.serviceAccount, ...made.map(({ serviceAccount }) => serviceAccount)];
    };
    assert.deepEqual(await accounts({}), [undefined, "builder", undefined, undefined]);
    assert.deepEqual(await accounts({ serviceAccountName: "sluice" }), [
      "sluice",
      "builder",
      undefined,
      undefined,
    ]);
  });

  test("has the listener's account that Tekton would give its pod: the pod template's goes first", async () => {
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

  test("that refers to what is not there is a warning: it may come; its decisions fail till then", async () => {
    const bad = [
      trigger("binding", [], { bindings: [{ ref: "nowhere" }] }),
      trigger("template", [], { template: { ref: "nowhere" } }),
    ];
    const { triggers, errorsSaid, warningsSaid } = await planOf([listener("git", bad, OPEN)]);
    assert.deepEqual(
      triggers.map(({ fault }) => fault?.code),
      ["SLUICE_REF_MISSING", "SLUICE_REF_MISSING"],
    );
    assert.deepEqual([errorsSaid, warningsSaid.length], [[], 2]);
  });

  test("whose param is bound twice, or whose path is no path, is an error", async () => {
    const twice = trigger("twice", [], {
      bindings: [
        { name: "ref", value: "a" },
        { name: "ref", value: "b" },
      ],
    });
    const path = trigger("path", [], { bindings: [{ name: "ref", value: "$(body.[)" }] });
    const { errors } = await planOf([listener("git", [twice, path], OPEN)]);
    assert.deepEqual(errors.map(({ code }) => code).toSorted(), [
      "SLUICE_PARAM_DUPLICATE",
      "SLUICE_PATH_SYNTAX",
    ]);
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
