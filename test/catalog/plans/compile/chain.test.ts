/** Compiling chains: which interceptor answers to a name, and what a step that does not compile keeps from firing. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cel, interceptor, listener, OPEN, remote, trigger, written } from "../../../helpers/objects.ts";
import { planOf } from "./plan.ts";

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
    ["a parameter of the wrong type", interceptor("cel", { filter: 1 }), /^SLUICE_INTERCEPTOR_PARAMS /],
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

  for (const [params, reason] of [
    [
      { filtre: "true" },
      /filtre is unknown and has no effect; did you mean filter\?; this trigger has no filter and fires/,
    ],
    [
      { "git-revision": "true" },
      /known are filter, overlays; this trigger has no filter and fires on everything/,
    ],
    [{ filter: "true", overlay: [] }, /overlay is unknown and has no effect; did you mean overlays\?$/],
  ] as const) {
    test(`warns of a parameter without effect: ${Object.keys(params).join(", ")}`, async () => {
      const { errors, warningsSaid, triggers } = await planOf([
        listener("git", [trigger("a", [interceptor("cel", params)])], OPEN),
      ]);
      assert.deepEqual([errors, triggers[0]?.fault], [[], undefined]);
      assert.match(warningsSaid[0] ?? "", reason);
    });
  }

  for (const [step, fix] of [
    [interceptor("githb"), /^Did you mean github\? Known here: bitbucket, cel/],
    [interceptor("gaet"), /^Did you mean gate\?/],
    [interceptor("github", {}, "NamespacedInterceptor"), /github is built in: take kind/],
    [interceptor("github", {}, "Interceptor"), /^"Interceptor" is no kind of interceptor/],
  ] as const) {
    test(`says what was meant by ${JSON.stringify(step["ref"])}`, async () => {
      const gate = written("ClusterInterceptor", "gate", { clientConfig: { url: "http://127.0.0.1:1/" } });
      const { errors } = await planOf([gate, listener("git", [trigger("a", [step])], OPEN)]);
      assert.deepEqual(
        errors.map(({ code }) => code),
        ["SLUICE_INTERCEPTOR_UNKNOWN"],
      );
      assert.match(errors[0]?.fix ?? "", fix);
    });
  }

  test("with an Interceptor finds it in the listener's namespace, whatever the Trigger's is", async () => {
    const step = interceptor("gate", {}, "NamespacedInterceptor");
    const clientConfig = { url: "http://127.0.0.1:1/" };
    const one = written("Trigger", "one", trigger("", [step]), { namespace: "b" });
    const ear = listener("git", [], { ...OPEN, namespaceSelector: { matchNames: ["b"] } });
    const here = await planOf([written("Interceptor", "gate", { clientConfig }), one, ear]);
    assert.deepEqual(here.errorsSaid, []);
    const there = await planOf([
      written("Interceptor", "gate", { clientConfig }, { namespace: "b" }),
      one,
      ear,
    ]);
    assert.match(there.errorsSaid[0] ?? "", /SLUICE_INTERCEPTOR_UNKNOWN/);
  });

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
