/** A copy of an embedded store's folder opens, be the original stopped, killed, or open itself. */

import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openStore } from "../../../src/storage/open.ts";
import { temporaryFolder } from "../../helpers/folder.ts";
import { NODE, start } from "../../helpers/process.ts";

const HOLDER = `
import { openStore } from ${JSON.stringify(join(import.meta.dirname, "../../../src/storage/open.ts"))};
import { newDelivery } from ${JSON.stringify(join(import.meta.dirname, "../ledger/samples.ts"))};
const { ledger } = await openStore("embedded:" + process.argv[1]);
const entry = newDelivery({ decided: "m" });
await ledger.accept(entry);
console.log(entry.delivery.id);
setInterval(() => {}, 1000);`;

test("the copy of one that was killed opens, and again while the original is open", async () => {
  using folder = temporaryFolder();
  const [original, first, second] = ["store", "first", "second"].map((name) => join(folder.path, name));
  assert.ok(original && first && second);
  const holder = await start(NODE, ["--input-type=module", "-e", HOLDER, original], (line) =>
    /^[0-9a-f-]{36}$/.test(line),
  );
  await holder.kill();
  cpSync(original, first, { recursive: true });
  const opened = await openStore(`embedded:${original}`);
  // With the lock of this process in it, as a snapshot of a volume has it.
  cpSync(join(original, "sluice.lock"), join(first, "sluice.lock"));
  const copy = await openStore(`embedded:${first}`);
  for (const { ledger } of [opened, copy]) assert.equal((await ledger.find(holder.line))?.outcome, "pending");
  await Promise.all([opened.close(), copy.close()]);
  cpSync(original, second, { recursive: true });
  const stopped = await openStore(`embedded:${second}`);
  assert.equal((await stopped.ledger.audit()).accepted, 1);
  await stopped.close();
});
