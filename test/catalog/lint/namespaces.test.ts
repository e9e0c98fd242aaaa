/** Text of the event that chooses a namespace: seen in metadata.namespace of what is created, and nowhere else. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { firing, lintOf, open, pipelineRun } from "./helper.ts";

const team = (value: string) => ({ name: "team", value });
const created = (namespace: string) => ({
  ...pipelineRun({}),
  metadata: { generateName: "build-", namespace },
});
const found = async (value: string, namespace: string) => {
  const { warnings } = await lintOf(open(firing([team(value)], [{ name: "team" }], created(namespace))));
  return warnings.filter(({ code }) => code === "SLUICE_NAMESPACE_FROM_EVENT");
};

test("text of the event in metadata.namespace is a warning with trigger, param, expression and place", async () => {
  const [warning = assert.fail("no warning"), ...others] = await found(
    "$(body.team)",
    "ci-$(tt.params.team)",
  );
  assert.deepEqual(others, []);
  for (const part of ["trigger ci/a", "param team", "$(body.team) (bindings[0])", "metadata.namespace"])
    assert.ok(warning.message.includes(part), warning.message);
  assert.ok((warning.at?.line ?? 0) > 0);
});

test("header and extensions count as well; what is the operator's does not", async () => {
  assert.equal((await found("$(header.X-Team)", "$(tt.params.team)")).length, 1);
  assert.equal((await found("$(extensions.team)", "$(tt.params.team)")).length, 1);
  assert.equal((await found("payments", "$(tt.params.team)")).length, 0);
  assert.equal((await found("$(context.eventID)", "$(tt.params.team)")).length, 0);
  assert.equal((await found("$(body.team)", "ci")).length, 0);
});
