#!/usr/bin/env node
/** Starts the CLI on Node 24, from whichever Node it was called with: the one in node_modules where that is older. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as module from "node:module";
import { fileURLToPath } from "node:url";

// Before the first file is written: who could write into the compile cache could run code here.
process.umask(0o077);

if (Number(process.versions.node.split(".")[0]) >= 24) {
  // Halves the time to the first line. Not in the shared /tmp, where others could put code into it.
  module.enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/sluice", import.meta.url)));
  const source = new URL("./run.ts", import.meta.url);
  const built = new URL("../../dist/src/cli/run.js", import.meta.url);
  await import(existsSync(source) ? source.href : built.href);
} else {
  // One package for each platform, so that package-lock.json holds the hash of what is executed.
  const platform = process.platform === "win32" ? "win" : process.platform;
  const program = platform === "win" ? "node.exe" : "node";
  const path = `../../node_modules/node-${platform}-${process.arch}/bin/${program}`;
  const node = fileURLToPath(new URL(path, import.meta.url));
  if (!existsSync(node)) {
    console.error(
      `sluice needs Node 24 or newer, this is ${process.version}; run \`npm ci\`, which brings one on Linux and Windows (x64), and on Linux (arm64)`,
    );
    process.exit(2);
  }
  // As in deploy/Dockerfile: a young generation of half the usual size.
  const child = spawn(node, ["--max-semi-space-size=16", ...process.argv.slice(1)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
