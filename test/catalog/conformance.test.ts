/** Tekton's own verdicts: its admission over 272 objects, its choice of triggers, its published examples. */

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { admit } from "../../src/catalog/admit.ts";
import { formatFault } from "../../src/catalog/faults.ts";
import { loadCatalog } from "../../src/catalog/load.ts";
import { bindingsOf, templateOf } from "../../src/catalog/resolve.ts";
import { triggersOf } from "../../src/catalog/select.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { declare, onlyListener } from "./objects-helper.ts";

const shared = join(import.meta.dirname, "../../../shared");
const absent = existsSync(join(shared, "conformance"))
  ? false
  : "NOT RUN: ../shared with Tekton's recorded verdicts is absent";

interface Case<Input, Output> {
  readonly id: string;
  readonly class: string;
  readonly input: Input;
  readonly output: Output;
}

function byClass<I, O>(file: string): Map<string, Case<I, O>[]> {
  const { cases } = JSON.parse(readFileSync(join(shared, "conformance", file), "utf8"));
  return Map.groupBy(cases as Case<I, O>[], (one) => one.class);
}

test("admission agrees with Tekton's", { skip: absent }, async (t) => {
  const classes = byClass<{ object: JsonObject }, { valid: boolean; errors?: string[] }>("validation.json");
  assert.ok(classes.size > 30, `only ${classes.size} classes of cases were found`);
  for (const [name, cases] of classes) {
    await t.test(name, () => {
      const wrong = cases.flatMap(({ id, input, output }) => {
        const { object, findings } = admit(input.object, "default");
        return (object !== undefined) === output.valid ? [] : [{ id, expected: output, findings }];
      });
      assert.deepEqual(wrong, []);
    });
  }
});

interface SinkInput {
  readonly eventListener: JsonObject | null;
  readonly objects: readonly JsonObject[];
}
interface SinkOutput {
  readonly created: readonly {
    namespace: string;
    object: { metadata: { labels?: Record<string, string> } };
  }[];
}

// Here every trigger that is selected creates one object, so what Tekton created tells what it selected.
const SELECTION = ["label-selector", "namespace-selector", "selector-combined", "trigger-ref", "resolve"];

// An inline trigger with a triggerRef beside it, which admission refuses.
const REFUSED = new Set(["sink-0050"]);

test("triggers are selected as Tekton selects them", { skip: absent }, async (t) => {
  const classes = byClass<SinkInput, SinkOutput>("sink.json");
  for (const name of SELECTION) {
    await t.test(name, () => {
      const cases = (classes.get(name) ?? []).filter(({ id }) => !REFUSED.has(id));
      assert.ok(cases.length > 0, "no cases were found");
      for (const { id, input, output } of cases) {
        const objects = [input.eventListener, ...input.objects].filter((object) => object !== null);
        const declarations = declare(objects.filter(({ kind }) => kind !== "Secret"));
        const selection = triggersOf(onlyListener(declarations), declarations, { duplicates: "tekton" });
        const runnable = selection.groups
          .flatMap(({ triggers }) => triggers)
          .filter((trigger) => bindingsOf(trigger, declarations).faults.length === 0)
          .filter((trigger) => "spec" in templateOf(trigger, declarations));
        const created = output.created.map(
          ({ object }) => object.metadata.labels?.["triggers.tekton.dev/trigger"],
        );
        assert.deepEqual(runnable.map((trigger) => trigger.name).sort(), created.sort(), id);
      }
    });
  }
});

test("every published example loads, but the one whose template uses a param it does not declare", {
  skip: absent,
}, async () => {
  const examples = join(shared, "tekton/examples");
  const files = globSync("**/*.{yaml,yml}", { cwd: examples });
  assert.ok(files.length > 80, `only ${files.length} examples were found`);
  const faults: string[] = [];
  for (const file of files) {
    const loaded = await loadCatalog({ paths: [join(examples, file)] });
    faults.push(...loaded.faults.map((fault) => relative(examples, formatFault(fault))));
  }
  assert.equal(faults.length, 1, faults.join("\n"));
  assert.match(
    faults[0] ?? "",
    /azurerepo-pullrequest-listener\.yaml:71:7 TriggerTemplate .*azurerepo-user-type/,
  );
});
