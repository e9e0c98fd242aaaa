#!/usr/bin/env node
/** Starts the CLI on Node 24, from whichever Node it was called with: the one in node_modules where that is older. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const source = new URL("./run.ts", import.meta.url);
const built = new URL("../../dist/src/cli/run.js", import.meta.url);
const entry = existsSync(source) ? source : built;

if (Number(process.versions.node.split(".")[0]) >= 24) await import(entry.href);
else {
  const node = fileURLToPath(new URL("../../node_modules/node/bin/node", import.meta.url));
  if (!existsSync(node)) {
    console.error(
      `sluice needs Node 24 or newer, this is ${process.version}; run \`npm ci\`, which brings one`,
    );
    process.exit(2);
  }
  const child = spawn(node, [fileURLToPath(entry), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
