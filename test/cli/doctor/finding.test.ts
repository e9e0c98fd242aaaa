/** Findings of the doctor: who asks it wants to mend, so nothing is left to a gateway that tries again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { found } from "../../../src/cli/doctor/finding.ts";
import { fault } from "../../../src/core/errors.ts";

test("no finding says that there is nothing to do", () => {
  const faults = [
    fault("SLUICE_CREATE_UNREACHABLE", { reason: "ECONNREFUSED" }),
    fault("SLUICE_CREATE_BUSY", { status: "503", reason: "busy" }),
    fault("SLUICE_CREATE_DIRECTORY", { path: "runs", reason: "EACCES" }),
  ];
  for (const one of faults) assert.doesNotMatch(found("targets", one).fix ?? "", /Nothing to do|tried again/);
});
