/** The CLI as tests call it: as a process, or in this one with a console that remembers. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Console, createConsole } from "../../src/cli/console.ts";
import { createProgram } from "../../src/cli/program.ts";
import { type Exit, exitOf } from "../../src/cli/verb.ts";
import type { Environment } from "../../src/config/env.ts";
import { asFault } from "../../src/core/errors.ts";
import { NODE, ROOT } from "../helpers/process.ts";

export const RUN = join(ROOT, "src/cli/run.ts");
/** What the examples sign with. */
export const SECRET = "an example, not a secret";

export interface Outcome<Code> {
  readonly code: Code;
  readonly stdout: string;
  readonly stderr: string;
}

/** Streams for a console, and what it has written to them so far. */
export function remembered(isTTY = false) {
  const said = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof said) => ({
    isTTY,
    write(text: string | Uint8Array) {
      said[name] += text;
      return true;
    },
  });
  return { said, streams: { stdout: stream("stdout"), stderr: stream("stderr") } };
}

/** Runs a command line in this process; faults become output and an exit code as run.ts makes them. */
export async function sluice(
  args: readonly string[],
  env: Environment = {},
  stop?: Promise<string>,
): Promise<Outcome<Exit>> {
  const { said, streams } = remembered();
  const console = createConsole(streams, false);
  return runWith(console, said, args, env, stop);
}

/** Runs a command line with a console; `said` is what the console was told so far. */
export async function runWith(
  console: Console,
  said: { readonly stdout: string; readonly stderr: string },
  args: readonly string[],
  env: Environment,
  stop: Promise<string> = new Promise(() => undefined),
): Promise<Outcome<Exit>> {
  try {
    return { code: await createProgram({ console, environment: env, stop })(args), ...said };
  } catch (thrown) {
    const error = asFault(thrown);
    console.fault(error);
    return { code: exitOf(error), ...said };
  }
}

export interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; without it there is none. */
  readonly input?: string;
}

/** Runs a program to its end. */
export function run(
  command: string,
  args: readonly string[],
  { cwd = ROOT, env = {}, input }: SpawnOptions = {},
): Promise<Outcome<number | null>> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...cleanEnv(), ...env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    child.stdin?.end(input);
    let [stdout, stderr] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs the CLI as a process of this Node. */
export function sluiceProcess(args: readonly string[], options: SpawnOptions = {}) {
  return run(NODE, [RUN, ...args], options);
}

/** The machine's own Node, whatever its version: the one that npm did not bring. */
export function systemNode(): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules") && !folder.includes("node-gyp-bin"))
    .map((folder) => join(folder, "node"))
    .find((path) => existsSync(path));
}

// What the test runner and a developer's shell set must not change what the CLI does.
function cleanEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(SLUICE_|NODE_TEST|NO_COLOR$|FORCE_COLOR$|KUBECONFIG$|NODE_OPTIONS$)/.test(name),
  );
  return Object.fromEntries(kept);
}
