/** The process: reads the command line, calls one verb, turns its answer or its fault into an exit code. */

import { environment, wantsColor } from "../config/env.ts";
import { asFault } from "../core/errors.ts";
import { createConsole } from "./console.ts";
import { createProgram } from "./program.ts";
import { type Exit, exitOf } from "./verb.ts";

// Libraries make files with all rights that the umask leaves. Nothing that a verb writes is for other users.
process.umask(0o077);

/** A terminal signals the whole process group, and npm and sluice.js pass their own copy on: these are one wish. */
const ONE_WISH_MS = 1_000;
/** Within it a process that has stopped ends by itself, else it is ended. */
const EXIT_MS = 100;

let asked = false;
const stop = new Promise<string>((resolve) => {
  let insists = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // Who asks again later does not want to wait.
      if (insists) process.exit(128 + (signal === "SIGINT" ? 2 : 15));
      if (asked) return;
      asked = true;
      resolve(signal);
      // A copy that came in time may be heard late, when the loop was busy: immediates run behind what has come by then.
      setTimeout(() => setImmediate(() => (insists = true)).unref(), ONE_WISH_MS).unref();
    });
  }
});

// A reader that closes the pipe (`| head`) has seen enough.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
}

const console = createConsole(process, wantsColor(environment(), process.stdout.isTTY === true));
process.exitCode = await main();
// A process that was told to stop does not wait for a server that hangs.
if (asked) setTimeout(() => process.exit(), EXIT_MS).unref();

async function main(): Promise<Exit> {
  try {
    return await createProgram({ console, environment: environment(), stop })(process.argv.slice(2));
  } catch (thrown) {
    const error = asFault(thrown);
    console.fault(error);
    if (error.code === "SLUICE_INTERNAL") console.note(String((thrown as Error).stack ?? ""));
    return exitOf(error);
  }
}
