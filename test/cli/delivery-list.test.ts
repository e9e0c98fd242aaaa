/** A list without deliveries: whether there are none, or none that match. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Console } from "../../src/cli/console.ts";
import { printList } from "../../src/cli/delivery-list.ts";

function noted(all: boolean): readonly string[] {
  const notes: string[] = [];
  const console: Pick<Console, "note"> = { note: (text) => notes.push(text) };
  printList(console as Console, { items: [] }, undefined, all);
  return notes;
}

test("an empty store is told as such; what does not match is told how it is compared", () => {
  assert.deepEqual(noted(true), ["there is no delivery yet"]);
  assert.match(noted(false).join(), /^no delivery matches: values are compared whole/);
});
