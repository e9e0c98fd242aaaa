/** Every row of the fault tests in its short form: what was answered 202 exists, once, whatever failed in between. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { perform } from "./perform.ts";
import { ROWS } from "./rows/index.ts";
import type { Row } from "./rows/row.ts";
import { SIZES } from "./stage.ts";

// Rows wait more than they work: locks of the dead run out, outages last. Together they take a minute.
describe("accepted is created, exactly once", { concurrency: 4 }, () => {
  for (const row of ROWS) {
    const skip = lackOf(row);
    test(`${row.number}: ${row.name}`, { skip: skip ?? false }, async () => {
      const outcome = await perform(row, SIZES.short);
      assert.deepEqual(outcome.faults, []);
      assert.ok(outcome.accepted > 0, "something was accepted");
    });
  }
});

function lackOf(row: Row): string | undefined {
  return row.lacks?.();
}
