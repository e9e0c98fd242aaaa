/** What the tests of compiling look at: the plan of one listener, and what was said on the way to it. */

import assert from "node:assert/strict";
import { compiled } from "../../../helpers/flows.ts";

/** The plan of the listener `ci/git`; takes what `compiled` takes. */
export async function planOf(...objects: Parameters<typeof compiled>) {
  const { plans, errors, warnings } = await compiled(...objects);
  const plan = plans.find("ci", "git");
  assert.ok(plan);
  const triggers = plan.groups.flatMap((group) => group.triggers);
  const said = (found: typeof errors) => found.map(({ code, message }) => `${code} ${message}`);
  return { plan, triggers, errors, errorsSaid: said(errors), warningsSaid: said(warnings) };
}
