/** Compiling triggers: their accounts, clusters, references and params. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { loadOffline } from "../../../../src/cli/offline.ts";
import { loadSettings } from "../../../../src/config/load.ts";
import { closedTo } from "../../../../src/core/named-cluster.ts";
import { compiled, yamlOf } from "../../../helpers/flows.ts";
import { temporaryFolder } from "../../../helpers/folder.ts";
import { listener, OPEN, template, trigger, written } from "../../../helpers/objects.ts";
import { planOf } from "./plan.ts";

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

  test("is closed to namespaces that its setting does not name, those of the trigger and of the listener", async () => {
    const west = { kubeconfig: "/west", namespaces: ["other"] };
    const annotations = { "sluice.dev/cluster": "west" };
    const there = written("TriggerTemplate", "tt", spec, { annotations });
    using folder = temporaryFolder();
    const file = join(folder.path, "objects.yaml");
    writeFileSync(file, yamlOf([there, byRef]));
    const flags = { config: [file], clusters: { west } };
    const { warnings, plans } = await loadOffline([file], loadSettings({ flags }));
    assert.deepEqual(
      warnings.map(({ code, message }) => [code, message]),
      [
        [
          "SLUICE_CLUSTER_CLOSED",
          "TriggerTemplate ci/tt asks for cluster west, which is not open to namespace ci",
        ],
      ],
    );
    assert.ok((warnings[0]?.at?.line ?? 0) > 0);
    assert.match(warnings[0]?.fix ?? "", /namespaces: \[ci\]/);
    const [trigger] = plans.find("ci", "git")?.groups.flatMap((group) => group.triggers) ?? [];
    // With the name still there, nothing goes to the gateway's own cluster instead.
    assert.deepEqual([trigger?.fault?.code, trigger?.cluster], ["SLUICE_CLUSTER_CLOSED", "west"]);
    const both = { trigger: { namespace: "a", name: "t" }, listener: { namespace: "b", name: "l" } };
    const closed = (namespaces: readonly string[] | "*") => closedTo({ namespaces }, both);
    assert.deepEqual(
      [closed([]), closed(["a"]), closed(["b"]), closed(["a", "b"]), closed("*")],
      ["a", "b", "a", undefined, undefined],
    );
  });

  async function compiledFor(objects: Parameters<typeof compiled>[0]) {
    const { plans, warnings } = await compiled(objects, { clusters });
    return { triggers: plans.find("ci", "git")?.groups.flatMap((group) => group.triggers) ?? [], warnings };
  }
});

describe("a trigger", () => {
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
