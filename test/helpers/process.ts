/** Processes of tests and measurements: started until ready, ended by their own pid, with what /proc says of their cost. */

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const ROOT = join(import.meta.dirname, "../..");
export const NODE = process.execPath;

const READY_MS = 60_000;

/** How a process ended: one of the two is null. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  /** The first line of standard output that `until` accepts. */
  readonly line: string;
  /** Resolves when the process is gone. */
  readonly ended: Promise<Ending>;
  /** Ends it with SIGTERM and waits for its end; nothing happens when it is gone already. */
  stop(): Promise<void>;
  /** The same with SIGKILL. */
  kill(): Promise<void>;
}

/**
 * Starts a program and waits for a line that shows it is ready. It does not outlive this process, unless that is killed.
 *
 * @throws Error with what it wrote to standard error when it ends before, or is not ready in a minute; it is gone then.
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
  const ended = new Promise<Ending>((resolve) =>
    child.once("exit", (code, signal) => resolve({ code, signal })),
  );
  endWithThisProcess(child, ended);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  try {
    const line = await readyLine(child, `${command} ${args.join(" ")}`, until);
    return {
      pid: child.pid ?? 0,
      child,
      line,
      ended,
      stop: () => end("SIGTERM"),
      kill: () => end("SIGKILL"),
    };
  } catch (error) {
    if (child.pid !== undefined) await end("SIGKILL");
    throw error;
  }
}

async function readyLine(
  child: ChildProcess,
  what: string,
  until: (line: string) => boolean,
): Promise<string> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("its output is not piped");
  let errors = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const late = setTimeout(
    () => reject(new Error(`${what} was not ready in ${READY_MS} ms: ${errors}`)),
    READY_MS,
  );
  createInterface({ input: stdout }).on("line", (text) => until(text) && resolve(text));
  child.once("error", reject);
  // Not "exit": what it wrote to standard error may still be under way then.
  child.once("close", () => reject(new Error(`${what} ended before it was ready: ${errors}`)));
  return promise.finally(() => clearTimeout(late));
}

const living = new Set<ChildProcess>();
const endAll = (): void => {
  for (const child of living) child.kill("SIGKILL");
};

function endWithThisProcess(child: ChildProcess, ended: Promise<unknown>): void {
  if (living.size === 0) process.on("exit", endAll);
  living.add(child);
  void ended.then(() => {
    living.delete(child);
    if (living.size === 0) process.off("exit", endAll);
  });
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
  return Math.round(statusKib(pid, "VmHWM") / 1024);
}

/** Resident memory of a process now, in MiB. */
export function rssMiB(pid: number): number {
  return statusKib(pid, "VmRSS") / 1024;
}

/** A line of proc(5)'s status, in KiB. */
function statusKib(pid: number, field: "VmHWM" | "VmRSS"): number {
  const kib = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib ?? 0);
}
