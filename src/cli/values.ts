/** Values of events on the command line: asked for where a person looks into one thing, left out where he may not. */

import { asFault } from "../core/errors.ts";
import type { Console } from "./console.ts";
import { queryOf } from "./filters.ts";
import type { Client } from "./http.ts";
import type { VerbOption } from "./verb.ts";

/** For lists, which leave values out unless they are asked for: each look is recorded. */
export const VALUES_OPTION: VerbOption = {
  flags: "--values",
  description: "with values of events in reasons; wants a token that allows payload, and is recorded",
};

/** Refusals of values, and what a gateway answers that does not know the question. */
const WITHOUT: ReadonlySet<string> = new Set([
  "SLUICE_ADMIN_TOKEN",
  "SLUICE_ADMIN_PERMISSION",
  "SLUICE_REQUEST_INVALID",
]);

/** Asks for something with its values; where they may not be seen, without, and says so. */
export async function askWithValues<T>(console: Console, client: Client, path: string): Promise<T> {
  try {
    return await client.ask<T>("GET", `${path}${queryOf({ values: true })}`);
  } catch (thrown) {
    const { code } = asFault(thrown);
    if (!WITHOUT.has(code)) throw thrown;
    const found = await client.ask<T>("GET", path);
    console.note("values of the event are left out: they want a token that allows payload");
    return found;
  }
}
