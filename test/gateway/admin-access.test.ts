/** The token of this user where it cannot be kept: a setting to correct, no defect. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadSettings } from "../../src/config/load.ts";
import type { Fact } from "../../src/core/fact.ts";
import { adminAccess } from "../../src/gateway/admin-access.ts";
import { temporaryFolder } from "../helpers/folder.ts";

test("a token file that cannot be written is told once, with the settings that help, and the port opens all the same", () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "file"), "");
  const told: Fact[] = [];
  const settings = loadSettings({});
  const { tokens } = adminAccess(settings, join(folder.path, "file", "admin-token"), (fact) =>
    told.push(fact),
  );
  assert.deepEqual(tokens, []);
  const [ignored] = told;
  assert.ok(told.length === 1 && ignored?.type === "setting.ignored");
  assert.match(ignored.error.message, /admin-token cannot be kept, so there is no local token/);
  assert.match(ignored.error.fix, /SLUICE_ADMIN_TOKEN.*--admin-tokens/);
});
