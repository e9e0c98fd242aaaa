/** Pages point at what is there, and name no machine. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../helpers/process.ts";
import { anchors, links, page, pages } from "./pages.ts";

const all = await pages();

test("there are pages to look at", () => {
  for (const path of ["README.md", "docs/cli.md", "examples/github/README.md"])
    assert.ok(
      all.some((one) => one.path === path),
      path,
    );
});

test("every relative link points at a file, and its anchor at a heading", () => {
  const wrong = all.flatMap((one) =>
    links(one)
      .filter(({ target, anchor }) => {
        if (!existsSync(join(ROOT, target))) return true;
        return anchor !== "" && target.endsWith(".md") && !anchors(page(target)).has(anchor);
      })
      .map(({ target, anchor }) => `${one.path} → ${target}${anchor && `#${anchor}`}`),
  );
  assert.deepEqual(wrong, []);
});

test("no page names a machine's folders or a registry", () => {
  const wrong = all.flatMap(({ path, text }) =>
    [
      ...text.matchAll(
        /(?<![\w.:/<>…-])\/(?:work|home|root|tmp|Users|mnt)\/\S*|\bregistry\.npm\S*|\bnpm\.pkg\S*/g,
      ),
    ].map((match) => `${path}: ${match[0]}`),
  );
  assert.deepEqual(wrong, []);
});

test("pages that generated ones or headings refer to keep their names", () => {
  assert.ok(anchors(page("docs/errors.md")).has("sluice_unverified"));
  assert.ok(anchors({ path: "x.md", text: "# A `b`, c: d\n```sh\n# not\n```\n" }).has("a-b-c-d"));
});
