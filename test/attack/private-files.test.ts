/** Files of a gateway under any umask: its store, key, token and runs are its owner's alone, also after it was killed. */

import assert from "node:assert/strict";
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually } from "../helpers/gateway.ts";
import { pullRequest, sendLoad } from "../helpers/load.ts";
import { NODE, ROOT, type Running, start } from "../helpers/process.ts";

const SECRET = "an example, not a secret";

for (const umask of ["000", "022"]) {
  test(`under umask ${umask} nothing that a gateway writes is open to others; after kill -9 a store that was is closed`, {
    timeout: 300_000,
  }, async () => {
    using folder = temporaryFolder("sluice-private-");
    await using first = await serve(folder.path, umask);
    await deliver(first, folder.path, 5);
    assert.deepEqual(openToOthers(folder.path), []);
    await first.kill();
    assert.deepEqual(openToOthers(folder.path), []);
    // As a version before this rule left it.
    const store = join(folder.path, "store");
    for (const path of [store, ...pathsIn(store)]) chmodSync(path, 0o777);
    await using second = await serve(folder.path, umask);
    await deliver(second, folder.path, 10);
    const files = openToOthers(folder.path);
    const seen = new Set(readdirSync(store));
    await second.stop();
    assert.deepEqual(files, []);
    assert.deepEqual(openToOthers(folder.path), []);
    const here = new Set(readdirSync(store));
    for (const suffix of ["", "-wal", "-shm"]) assert.ok(seen.has(`sluice.db${suffix}`), suffix);
    assert.ok(here.has("sluice.db"), "what was looked at is there");
  });
}

test("nothing is changed through a symbolic link, in the store's place or in the store", {
  timeout: 300_000,
}, async () => {
  using folder = temporaryFolder("sluice-private-");
  const elsewhere = join(folder.path, "elsewhere");
  mkdirSync(elsewhere);
  chmodSync(elsewhere, 0o755);
  const store = join(folder.path, "store");
  symlinkSync(elsewhere, store);
  await assert.rejects(serve(folder.path, "022"), /symbolic link/);
  rmSync(store);
  mkdirSync(store);
  symlinkSync(elsewhere, join(store, "sluice.db"));
  await assert.rejects(serve(folder.path, "022"), /symbolic link/);
  assert.equal(lstatSync(elsewhere).mode & 0o777, 0o755);
});

async function serve(folder: string, umask: string): Promise<Running & AsyncDisposable> {
  const args = [
    ...["serve", "--config", join(ROOT, "examples/quickstart"), "--log-format", "json"],
    ...["--store", `embedded:${join(folder, "store")}`, "--create", `directory:${join(folder, "runs")}`],
    ...["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
  ];
  const command = ["-c", `umask ${umask}; exec "$0" "$@"`, NODE, join(ROOT, "src/cli/run.ts"), ...args];
  const running = await start("sh", command, (line) => line.includes('"gateway.ready"'));
  return { ...running, [Symbol.asyncDispose]: () => running.kill() };
}

async function deliver(gateway: Running, folder: string, runs: number): Promise<void> {
  const { listen } = JSON.parse(gateway.line) as { listen: string };
  const load = await sendLoad({
    ...{ url: `${listen}/default/github`, secret: SECRET, body: pullRequest() },
    ...{ count: 5, concurrency: 2 },
  });
  assert.deepEqual(load.statuses, { 202: 5 });
  const made = async () => pathsIn(join(folder, "runs")).filter((path) => path.endsWith(".yaml")).length;
  await eventually(made, (count) => count === runs);
}

/** Paths with their modes, of all that group or others have any right to. */
function openToOthers(folder: string): readonly string[] {
  return pathsIn(folder).flatMap((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    const wide = found !== undefined && (found.mode & 0o7077) !== 0;
    return wide ? [`${(found.mode & 0o7777).toString(8)} ${path.slice(folder.length)}`] : [];
  });
}

function pathsIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
    return entries.map(({ parentPath, name }) => join(parentPath, name));
  } catch {
    return [];
  }
}
