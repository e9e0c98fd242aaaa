/** The lock of an embedded store: one living process at a time; the dead do not bind. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import { LOCK_FILE, readLock, takeLock } from "../../../src/storage/embedded/lock-file.ts";
import { temporaryFolder } from "../../helpers/folder.ts";

const isBusy = (pid: number, admin: string) => (error: unknown) =>
  error instanceof SluiceError &&
  error.code === "SLUICE_STORE_BUSY" &&
  error.values["pid"] === String(pid) &&
  error.values["admin"] === admin;

test("a lock names its holder and is gone when given back", () => {
  using folder = temporaryFolder();
  const unlock = takeLock(folder.path, "127.0.0.1:9000");
  const { pid, admin } = JSON.parse(readFileSync(join(folder.path, LOCK_FILE), "utf8"));
  assert.deepEqual({ pid, admin }, { pid: process.pid, admin: "127.0.0.1:9000" });
  unlock();
  unlock();
  assert.deepEqual(readdirSync(folder.path), []);
});

test("a second taker is told who has it", () => {
  using folder = temporaryFolder();
  const unlock = takeLock(folder.path, "127.0.0.1:9000");
  assert.throws(() => takeLock(folder.path, "other"), isBusy(process.pid, "127.0.0.1:9000"));
  unlock();
  takeLock(folder.path, "other")();
});

test("the lock of another living process binds, and no longer when it is killed", async () => {
  using folder = temporaryFolder();
  const script = `
    import { takeLock } from ${JSON.stringify(join(import.meta.dirname, "../../../src/storage/embedded/lock-file.ts"))};
    takeLock(${JSON.stringify(folder.path)}, "its-admin");
    console.log("taken");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  assert.throws(() => takeLock(folder.path, "mine"), isBusy(child.pid as number, "its-admin"));
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
  const unlock = takeLock(folder.path, "mine");
  assert.equal(readLock(folder.path)?.pid, process.pid);
  unlock();
});

test("a process that got the number of a dead holder is not mistaken for it", {
  skip: !existsSync("/proc/self/stat") && "no /proc here",
}, () => {
  using folder = temporaryFolder();
  // As after a restart in a container, where everything is process 1.
  writeFileSync(join(folder.path, LOCK_FILE), JSON.stringify({ pid: process.pid, admin: "", started: "1" }));
  takeLock(folder.path, "mine")();
});

test("in a copy of the folder the lock of the original does not bind; in the folder itself, moved, it does", () => {
  using parent = temporaryFolder();
  using elsewhere = temporaryFolder();
  const [copy, moved] = [join(parent.path, "copy"), join(parent.path, "moved")];
  const unlock = takeLock(elsewhere.path, "127.0.0.1:9000");
  cpSync(elsewhere.path, copy, { recursive: true });
  takeLock(copy, "mine")();
  renameSync(elsewhere.path, moved);
  assert.throws(() => takeLock(moved, "mine"), isBusy(process.pid, "127.0.0.1:9000"));
  renameSync(moved, elsewhere.path);
  unlock();
});

test("a lock of before, which names no folder, binds as it did", () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, LOCK_FILE), JSON.stringify({ pid: process.pid, admin: "its-admin" }));
  assert.throws(() => takeLock(folder.path, "mine"), isBusy(process.pid, "its-admin"));
});

test("a process that has ended does not bind, though nobody has asked yet how it ended", {
  skip: !existsSync("/proc/self/stat") && "no /proc here",
}, async () => {
  using folder = temporaryFolder();
  // The shell becomes a program that never asks after the shell's child, which ends when its input does.
  const script = "exec 3<&0; sh -c 'read line' <&3 & echo $!; exec sleep 60";
  const parent = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
  const pid = Number(String((await once(parent.stdout, "data"))[0]));
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  };
  await until(() => readFileSync(`/proc/${parent.pid}/comm`, "utf8") === "sleep\n");
  parent.stdin.end();
  await until(() => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] === "Z");
  writeFileSync(join(folder.path, LOCK_FILE), JSON.stringify({ pid, admin: "its-admin" }));
  takeLock(folder.path, "mine")();
  const gone = once(parent, "exit");
  parent.kill("SIGKILL");
  await gone;
});

test("a lock that cannot be understood is replaced", () => {
  for (const text of ["", "{", "null", '{"pid":"7"}', '{"pid":-1}', '{"pid":1e99}']) {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, LOCK_FILE), text);
    takeLock(folder.path, "mine")();
  }
});

test("of many takers at once, over a dead one's lock, exactly one gets it", async () => {
  using folder = temporaryFolder();
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  writeFileSync(join(folder.path, LOCK_FILE), JSON.stringify({ pid: dead, admin: "", started: "1" }));
  const script = `
    import { takeLock } from ${JSON.stringify(join(import.meta.dirname, "../../../src/storage/embedded/lock-file.ts"))};
    try { takeLock(${JSON.stringify(folder.path)}, ""); console.log("taken"); } catch { console.log("busy"); }
    setInterval(() => {}, 1000);`;
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] }),
  );
  const said = await Promise.all(
    children.map(async (child) => String((await once(child.stdout, "data"))[0]).trim()),
  );
  await Promise.all(
    children.map((child) => {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      return gone;
    }),
  );
  assert.deepEqual(said.sort(), ["busy", "busy", "busy", "taken"]);
});
