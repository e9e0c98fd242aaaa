/** Hints for dead letters: each code has words without gaps, and the way back that can help. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { deadHint } from "../../src/core/dead-hint.ts";
import { ERRORS } from "../../src/core/error-table.ts";

test("a job that a person made possible is tried again; what was decided wrongly is decided anew", () => {
  const ways = {
    SLUICE_CREATE_FORBIDDEN: "retry",
    SLUICE_CREATE_POLICY: "retry",
    SLUICE_CREATE_NAMESPACE: "retry",
    SLUICE_CREATE_UNREACHABLE: "retry",
    SLUICE_CREATE_REFUSED: "replay",
    SLUICE_CREATE_CONFLICT: "replay",
    SLUICE_PATH_MISSING: "replay",
    SLUICE_CEL_FAILED: "replay",
    SLUICE_INTERCEPTOR_FAILED: "replay",
    unknown: "replay",
  };
  const found = Object.fromEntries(Object.keys(ways).map((code) => [code, deadHint(code).way]));
  assert.deepEqual(found, ways);
});

test("no hint has a gap for a value that is not known", () => {
  for (const code of [...Object.keys(ERRORS), "unknown"]) {
    const { fix } = deadHint(code);
    assert.ok(fix.length > 10 && !fix.includes("{"), `${code}: ${fix}`);
  }
});
