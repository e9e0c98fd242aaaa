/** validation.json: admission of one object. */

import { admit } from "../../../src/catalog/admit.ts";
import { formatPath } from "../../../src/catalog/findings.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { suite } from "../vectors.ts";

interface Input {
  readonly object: JsonObject;
}

interface Output {
  readonly valid: boolean;
  readonly crash?: boolean;
}

export const validation = suite<Input, Output>("validation.json", ({ input, output }) => {
  const { object, findings } = admit(input.object, "default");
  const valid = object !== undefined;
  // Findings are shown only where they are why the two differ.
  const why = findings.map(({ path, reason }) => `${formatPath(path)}: ${reason}`);
  return { got: valid === output.valid || why.length === 0 ? valid : why, want: output.valid };
});
