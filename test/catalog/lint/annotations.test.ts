/** Annotations and selectors: what would be ignored in silence is said. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { listener, OPEN, trigger, written } from "../../helpers/objects.ts";
import { lines, lintOf } from "./helper.ts";

const annotated = (annotations: Record<string, string>) =>
  listener("git", [trigger("a")], { annotations: { ...OPEN.annotations, ...annotations } });

describe("an annotation under sluice.dev/", () => {
  test("that nobody reads is a warning with the name that was meant", async () => {
    const { warnings } = await lintOf(
      annotated({ "sluice.dev/max-body-byte": "10", "sluice.dev/xyzzy": "red" }),
    );
    assert.deepEqual(lines(warnings), [
      "SLUICE_ANNOTATION_IGNORED annotation sluice.dev/max-body-byte is ignored: did you mean sluice.dev/max-body-bytes?",
      "SLUICE_ANNOTATION_IGNORED annotation sluice.dev/xyzzy is ignored: known are sluice.dev/cluster, sluice.dev/typed-params, sluice.dev/managed, sluice.dev/verification, sluice.dev/max-body-bytes, sluice.dev/webhook-origins, sluice.dev/on-duplicate",
    ]);
    assert.ok((warnings[0]?.at?.line ?? 0) > 0);
  });

  test("with a value that says nothing is a warning", async () => {
    const { warnings } = await lintOf(annotated({ "sluice.dev/verification": "None" }));
    assert.ok(
      lines(warnings).some((line) =>
        line.includes('sluice.dev/verification is ignored: "None" says nothing'),
      ),
      JSON.stringify(warnings),
    );
  });

  test("of listeners is none of a Trigger's", async () => {
    const annotations = { ...OPEN.annotations, "sluice.dev/max-body-bytes": "10" };
    const { warnings } = await lintOf(written("Trigger", "t", trigger(""), { annotations }));
    assert.deepEqual(lines(warnings), [
      "SLUICE_ANNOTATION_IGNORED annotation sluice.dev/max-body-bytes is ignored: it is read on kind EventListener, not on Trigger",
    ]);
  });

  test("that names a typed param which its template does not declare is a warning", async () => {
    const resourcetemplates = [{ apiVersion: "v1", kind: "X", metadata: { name: "x" } }];
    const of = (names: string) =>
      lintOf(
        listener("git", [trigger("a", [], { template: { ref: "tt" } })], OPEN),
        written(
          "TriggerTemplate",
          "tt",
          { params: [{ name: "count" }, { name: "list" }], resourcetemplates },
          { annotations: { "sluice.dev/typed-params": names } },
        ),
      );
    const told = lines((await of("list, cout")).warnings).filter((line) => line.includes("ANNOTATION"));
    assert.deepEqual(told, [
      'SLUICE_ANNOTATION_IGNORED annotation sluice.dev/typed-params is ignored: the template declares no param "cout"; did you mean count?',
    ]);
    assert.ok(
      !lines((await of("list,count")).warnings)
        .join()
        .includes("ANNOTATION"),
    );
  });

  test("and those of others are left in peace", async () => {
    const { warnings } = await lintOf(
      annotated({ "sluice.dev/max-body-bytes": "1024", "example.com/x": "y" }),
    );
    assert.deepEqual(warnings, []);
  });

  test("is known here as soon as the code reads it", async () => {
    const root = join(import.meta.dirname, "../../..");
    const known = readFileSync(join(root, "src/catalog/lint/annotations.ts"), "utf8");
    for await (const path of glob("src/**/*.ts", { cwd: root })) {
      // Labels, which we write and nobody else does.
      if (path === "src/core/labels.ts") continue;
      for (const [, name] of readFileSync(join(root, path), "utf8").matchAll(/"(sluice\.dev\/[a-z-]+)"/g))
        assert.ok(known.includes(`"${name}"`), `${path} reads ${name}`);
    }
  });
});

test("a limit of bodies that is no number of bytes is an error: somebody believes to be protected", async () => {
  for (const limit of ["", "0", "-1", "1.5", "1MB", "1e3", "0x10", "9".repeat(30)]) {
    const { errors, warnings } = await lintOf(annotated({ "sluice.dev/max-body-bytes": limit }));
    assert.deepEqual(warnings, []);
    assert.equal(errors.length, 1, limit);
    assert.match(
      errors[0]?.message ?? "",
      /max-body-bytes"\]: must be a whole number of bytes above 0, is "/,
    );
  }
});

describe("a selector", () => {
  const said = async (selector: object) => {
    const own = written("EventListener", "own", { triggers: [trigger("a")], ...selector }, OPEN);
    const grouped = listener("git", [], {
      ...OPEN,
      triggerGroups: [{ name: "g", interceptors: [{ ref: { name: "cel" } }], triggerSelector: selector }],
    });
    const { warnings } = await lintOf(own, grouped);
    assert.ok(warnings.every(({ code, at }) => code === "SLUICE_SELECTOR_EMPTY" && (at?.line ?? 0) > 0));
    return warnings.map(({ message }) => message);
  };
  const labels = (matchExpressions: readonly object[], matchLabels = {}) =>
    said({ labelSelector: { matchLabels, matchExpressions } });
  const a = (operator: string, ...values: readonly string[]) => ({
    key: "a",
    operator,
    ...(values.length > 0 && { values }),
  });
  const CONTRADICTION = 'the selector selects nothing: what it demands of label "a" contradicts itself';

  test("that contradicts itself is a warning, the listener's as the group's", async () => {
    for (const demands of [
      [a("Exists"), a("DoesNotExist")],
      [a("In", "x"), a("DoesNotExist")],
      [a("In", "x", "y"), a("In", "z")],
      [a("In", "x", "y"), a("NotIn", "y", "x")],
    ])
      assert.deepEqual(await labels(demands), [CONTRADICTION, CONTRADICTION], JSON.stringify(demands));
    assert.deepEqual(await labels([a("NotIn", "x")], { a: "x" }), [CONTRADICTION, CONTRADICTION]);
  });

  test("that can be met is none", async () => {
    for (const demands of [
      [a("In", "x", "y"), a("In", "y", "z"), a("Exists")],
      [a("In", "x", "y"), a("NotIn", "x")],
      [a("NotIn", "x"), a("DoesNotExist")],
      [a("Exists"), { key: "b", operator: "DoesNotExist" }],
    ])
      assert.deepEqual(await labels(demands), [], JSON.stringify(demands));
  });

  test('with "*" among other namespaces does not mean all of them', async () => {
    const reason = 'the selector selects nothing: "*" means all namespaces only where it stands alone';
    assert.deepEqual(await said({ namespaceSelector: { matchNames: ["*", "x"] } }), [reason, reason]);
    assert.deepEqual(await said({ namespaceSelector: { matchNames: ["*"] } }), []);
  });
});
