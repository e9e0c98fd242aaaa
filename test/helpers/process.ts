/** Processes of tests and measurements: started until ready, ended by their own pid, with what /proc says of their cost. */

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const ROOT = join(import.meta.dirname, "../..");
export const NODE = process.execPath;

const READY_MS = 60_000;

export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  /** The first line of standard output that `until` accepts. */
  readonly line: string;
  /** Ends it with SIGTERM and waits for its end. */
  stop(): Promise<void>;
}

/**
 * Starts a program and waits for a line that shows it is ready.
 *
 * @throws Error with what it wrote to standard error when it ends before.
 */
export async function start(
  command: string,
  args: readonly string[],
  until: (line: string) => boolean,
  env: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise<string>((resolve, reject) => {
    lines.on("line", (text) => until(text) && resolve(text));
    child.once("error", reject);
    ended.then(() => reject(new Error(`${command} ${args.join(" ")} ended before it was ready: ${errors}`)));
    const late = () =>
      reject(new Error(`${command} ${args.join(" ")} was not ready in ${READY_MS} ms: ${errors}`));
    setTimeout(late, READY_MS).unref();
  });
  return {
    pid: child.pid ?? 0,
    child,
    line,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await ended;
    },
  };
}

/** CPU time of a process so far, user and system, in milliseconds (proc(5): fields 14 and 15 of stat). */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  // USER_HZ is 100 on every Linux that Node supports.
  return ticks * 10;
}

/** Largest resident memory of a process so far, in MiB. */
export function peakRssMiB(pid: number): number {
  const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kib ?? 0) / 1024);
}
