/** Rows of the fault tests in their short form: what was answered 202 exists, once, whatever failed in between. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { perform } from "./perform.ts";
import { ROWS } from "./rows/index.ts";
import type { Row } from "./rows/row.ts";
import { SIZES } from "./stage.ts";

/**
 * The first of each kind whose short form takes less than 20 s by itself. All others take up to two minutes beside other
 * tests, and are run by hand: `npm run faults -- --short`.
 */
const HERE: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14]);

// Rows wait more than they work: locks of the dead run out, outages last.
describe("accepted is created, exactly once", { concurrency: 4 }, () => {
  for (const row of ROWS.filter(({ number }) => HERE.has(number))) {
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
