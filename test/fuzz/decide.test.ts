/** Any event, any filter, any path, any template: only decisions come out. 2,000 cases; `node test/fuzz/long.ts` runs more. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "./property.ts";

test("whatever is sent and whatever is configured, only decisions come out, in time and twice the same", async () => {
  const count = await fuzz(2_000);
  // Otherwise the cases have lost their teeth: nothing behind the first door would be tried.
  assert.ok(count.matched > 500 && count.failed > 500 && count.filtered > 500, JSON.stringify(count));
  assert.ok(count.configured > 1_000, JSON.stringify(count));
});
