/** A folder that only its owner can enter: made so, brought to it, refused where it is another's or a link. */

import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makePrivate } from "../../../src/storage/embedded/private-folder.ts";
import { temporaryFolder } from "../../helpers/folder.ts";

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

test("rights of others are taken away, from the folder and from all that it holds", () => {
  using folder = temporaryFolder();
  const store = join(folder.path, "store");
  makePrivate(store);
  assert.equal(modeOf(store), "700");
  mkdirSync(join(store, "inner"));
  writeFileSync(join(store, "inner", "file"), "");
  for (const path of [store, join(store, "inner")]) chmodSync(path, 0o2777);
  chmodSync(join(store, "inner", "file"), 0o666);
  makePrivate(store);
  assert.deepEqual([store, join(store, "inner"), join(store, "inner", "file")].map(modeOf), [
    "700",
    "700",
    "600",
  ]);
});

test("links are refused, and what they lead to stays as it is", () => {
  using folder = temporaryFolder();
  const [elsewhere, link] = [join(folder.path, "elsewhere"), join(folder.path, "link")];
  mkdirSync(elsewhere);
  chmodSync(elsewhere, 0o755);
  symlinkSync(elsewhere, link);
  assert.throws(() => makePrivate(link), /symbolic link/);
  const store = join(folder.path, "store");
  mkdirSync(store);
  symlinkSync(elsewhere, join(store, "inner"));
  assert.throws(() => makePrivate(store), /symbolic link/);
  assert.equal(modeOf(elsewhere), "755");
});

test("a folder that is another user's and open to us is refused", {
  skip: process.getuid?.() !== 0 && "only root can make one",
}, () => {
  using folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  const store = join(folder.path, "store");
  mkdirSync(store);
  chownSync(store, 65_533, 65_533);
  chmodSync(store, 0o777);
  process.seteuid?.(65_532);
  const own = process.getuid;
  process.getuid = () => 65_532;
  try {
    assert.throws(() => makePrivate(store), /mode 0777.*belongs to user 65533/);
  } finally {
    process.getuid = own as NonNullable<typeof own>;
    process.seteuid?.(0);
  }
  assert.equal(modeOf(store), "777");
});
