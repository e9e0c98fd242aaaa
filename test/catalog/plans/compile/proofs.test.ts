/** Which proofs triggers demand, and which of them must say that they are open. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  cel,
  github,
  interceptor,
  listener,
  OPEN,
  secret,
  trigger,
  written,
} from "../../../helpers/objects.ts";
import { planOf } from "./plan.ts";

describe("a trigger", () => {
  test("demands every proof of its chain and its group's", async () => {
    const labels = { team: "a" };
    const chosen = { triggerSelector: { labelSelector: { matchLabels: labels } } };
    const triggerGroups = [{ name: "shared", interceptors: [github("group")], ...chosen }];
    const one = written("Trigger", "one", trigger("", [github("own")]), { labels });
    const { triggers } = await planOf([one, listener("git", [], { triggerGroups })]);
    assert.deepEqual(
      triggers[0]?.proofs.map(({ secret }) => secret?.name),
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

  for (const [what, broken] of [
    ["proof without its type", interceptor("proof", { scheme: "bearer" })],
    ["proof of no type that there is", interceptor("proof", { type: "baerer" })],
    ["a secretRef that is text", interceptor("github", { secretRef: "hook" })],
    ["a secretRef of other keys", interceptor("gitlab", { secretRef: { name: "hook", key: "token" } })],
    [
      "an interceptor by a wrong name",
      interceptor("githb", { secretRef: { secretName: "a", secretKey: "b" } }),
    ],
    ["a comparison that does not compile", cel("header.canonical('X').compareSecret('token', 'hook'")],
  ] as const) {
    test(`that was to be proved by ${what} is told so, and not to go without`, async () => {
      const { errorsSaid, errors, triggers, warningsSaid } = await planOf([
        secret("hook", "x"),
        listener("git", [trigger("a", [broken])]),
      ]);
      assert.equal(errors.length, 1, errorsSaid.join());
      assert.deepEqual([triggers[0]?.fault?.code, triggers[0]?.unreadable], [errors[0]?.code, true]);
      assert.doesNotMatch([...warningsSaid, ...errors.map(({ fix }) => fix)].join(), /no proof|verification/);
    });
  }

  test("whose broken entry proves nothing demands no proof all the same; a misspelt secretRef is the cure", async () => {
    const { triggers, errorsSaid } = await planOf([
      listener("git", [
        trigger("a", [cel("body.ref ==")]),
        trigger("b", [interceptor("github", { secretReff: {} })]),
      ]),
    ]);
    assert.deepEqual(
      triggers.map(({ fault }) => fault?.code),
      ["SLUICE_PROOF_UNDECLARED", "SLUICE_PROOF_UNDECLARED"],
    );
    assert.match(errorsSaid.join(), /CEL/);
    assert.match(
      triggers[1]?.fault?.fix ?? "",
      /secretReff is unknown and has no effect; did you mean secretRef\?/,
    );
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
});
