/**
 * The same definitions and objects on a real API server, under another group, so that what is there stays untouched: it
 * estimates what the rules cost, and takes and refuses as admission.ts says.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import type { JsonObject } from "../../src/core/json.ts";
import { definitions } from "./admission.ts";
import { REFUSED, TAKEN } from "./admission-cases.ts";
import { findKubectl } from "./kustomize.ts";

const kubeconfig = process.env.SLUICE_TEST_KUBECONFIG;
const kubectl = findKubectl();
const skip = (kubeconfig === undefined || kubectl === undefined) && "SLUICE_TEST_KUBECONFIG names no cluster";
const GROUP = "definitions-test.sluice.dev";

/** Everything of one group moved into another. */
const moved = (value: object): string =>
  JSON.stringify(value).replaceAll("triggers.tekton.dev", GROUP).replaceAll('"tekton', '"test');

function run(input: string, ...args: readonly string[]): { readonly ok: boolean; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(
    kubectl ?? "",
    ["--kubeconfig", kubeconfig ?? "", ...args, "-f", "-"],
    { input, encoding: "utf8" },
  );
  return { ok: status === 0, said: stdout + stderr };
}

describe("on a real API server", { skip }, () => {
  const all = moved({
    ...{ apiVersion: "v1", kind: "List" },
    items: definitions().map((one) => {
      const { shortNames: _, categories: _c, ...names } = one.spec.names as object as Record<string, unknown>;
      return { ...one, spec: { ...one.spec, names } };
    }),
  });

  before(() => {
    const { ok, said } = run(all, "apply", "--validate=strict");
    assert.ok(ok, said);
    const waited = run(all, "wait", "--for=condition=Established", "--timeout=60s");
    assert.ok(waited.ok, waited.said);
  });
  after(() => run(all, "delete", "--ignore-not-found"));

  const create = (object: JsonObject) =>
    run(moved(object), "create", "--dry-run=server", "--validate=strict");

  for (const [what, object] of Object.entries(TAKEN))
    test(`taken: ${what}`, () => {
      const { ok, said } = create(object);
      assert.ok(ok, said);
    });
  for (const [what, [object]] of Object.entries(REFUSED))
    test(`refused: ${what}`, () => {
      const { ok, said } = create(object);
      assert.ok(!ok, said);
      assert.match(said, /is invalid|unknown field/);
    });
});
