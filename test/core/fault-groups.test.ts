/** Two hundred equal faults are one that says so, and says whose they are. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fault, ownedBy } from "../../src/core/errors.ts";
import { groupFaults, messageOf } from "../../src/core/fault-groups.ts";

const cel = (i: number, expression = "body.x ==") =>
  ownedBy(
    { listener: "ci/github", trigger: `ci/t${i}` },
    fault("SLUICE_CEL_SYNTAX", { reason: "1:8", expression }, { at: { file: "a.yaml", line: i, column: 1 } }),
  );

test("equal faults become one with a count, its listener and trigger, and some of the others", () => {
  const groups = groupFaults([...Array.from({ length: 200 }, (_, i) => cel(i)), cel(7, "body.y ==")]);
  assert.deepEqual(
    groups.map(({ count }) => count),
    [200, 1],
  );
  assert.equal(
    groups[0]?.message,
    "listener ci/github, trigger ci/t0: CEL does not compile: 1:8; the same 199 more times: ci/t1, ci/t2, ci/t3, ci/t4, ci/t5, …",
  );
  assert.equal(groups[1]?.message, "listener ci/github, trigger ci/t7: CEL does not compile: 1:8");
  assert.equal(groups[0]?.fault.at?.line, 0);
});

test("faults that name their trigger are grouped all the same, and the name stands once", () => {
  const open = ["ci/a", "ci/b"].map((trigger) =>
    ownedBy({ listener: "ci/github", trigger }, fault("SLUICE_PROOF_UNDECLARED", { trigger })),
  );
  const [group] = groupFaults(open);
  assert.equal(
    group?.message,
    "trigger ci/a demands no proof of the sender (listener ci/github); the same 1 more times: ci/b",
  );
});

test("without an owner the place tells them apart; what is wrong differently is not grouped", () => {
  const one = (line: number, field: string) =>
    fault("SLUICE_OBJECT_INVALID", { field, reason: "no" }, { at: { file: "a.yaml", line, column: 1 } });
  const groups = groupFaults([one(1, "spec"), one(2, "spec"), one(3, "metadata")]);
  assert.deepEqual(
    groups.map(({ message }) => message),
    ["spec: no; the same 1 more times: a.yaml:2", "metadata: no"],
  );
  assert.equal(messageOf(one(1, "spec")), "spec: no");
});
