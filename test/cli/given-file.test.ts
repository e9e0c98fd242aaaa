/** Files that flags name: one that is not there is told with what helps. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "../../src/cli/given-file.ts";
import { SluiceError } from "../../src/core/errors.ts";

test("a payload that is not there has nothing to do with --config", async () => {
  await assert.rejects(bytesOf("no/such/file.json"), (error: unknown) => {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.message, "no/such/file.json does not exist");
    assert.match(error.fix, /Correct the path/);
    return true;
  });
});
