/** Values side by side spell no variable that Tekton would replace in the run, against a real gateway. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../helpers/gateway.ts";
import { listener, OPEN } from "../helpers/objects.ts";
import { attacked } from "./gateway.ts";

const woven = {
  name: "woven",
  bindings: [
    { name: "a", value: "$(body.a)" },
    { name: "b", value: "$(body.b)" },
  ],
  template: {
    spec: {
      params: [{ name: "a" }, { name: "b" }],
      resourcetemplates: [
        {
          apiVersion: "tekton.dev/v1",
          kind: "PipelineRun",
          metadata: { generateName: "woven-", annotations: { seam: "$(tt.params.a)$(tt.params.b)" } },
          spec: {
            pipelineRef: { name: "build" },
            params: [
              { name: "side", value: "$(tt.params.a)$(tt.params.b)" },
              { name: "text", value: "$(tt.params.a)(context.pipelineRun.name)" },
              { name: "whole", value: "$(tt.params.b)" },
            ],
          },
        },
      ],
    },
  },
};

test("no object holds a variable that an event spelled", async () => {
  await using setup = await attacked("0", [], [listener("woven", [woven], OPEN)]);
  const events = [
    { a: "$", b: "(context.pipelineRun.name)" },
    { a: "x$", b: "(params.token)" },
    { a: "$$", b: "(uid)" },
    { a: "", b: "$(context.pipelineRun.namespace)" },
  ];
  for (const event of events) {
    const { status } = await setup.send("woven", JSON.stringify(event));
    assert.equal(status, 202);
  }
  const files = await eventually(
    async () =>
      (readdirSync(setup.runs, { recursive: true }) as string[]).filter((name) => /woven-/.test(name)),
    (names) => names.length >= events.length,
  );
  for (const file of files) {
    const text = readFileSync(join(setup.runs, file), "utf8");
    // As Tekton Triggers writes what must stay text: never `$(`, always `$$(`.
    assert.doesNotMatch(text, /(?<!\$)\$\(/, text);
  }
});
