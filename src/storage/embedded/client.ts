/** The other side of the database's thread: operations of one turn of the event loop go there in one message. */

import { Worker } from "node:worker_threads";
import { fault } from "../../core/errors.ts";
import type { SqliteCall, SqliteOperations } from "../../core/sqlite.ts";
import type { Call, Outcome } from "./batch.ts";
import { type Thrown, unpackError } from "./error.ts";

export interface SqliteClient {
  /** Calls operations of one driver. */
  driver<O extends SqliteOperations>(name: string): SqliteCall<O>;
  /** Resolves when the file is closed. */
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The thread's file, whether this is the source or what was built of it. */
const THREAD = new URL(`./thread.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

/**
 * Starts the thread and opens the file in it.
 *
 * @throws SluiceError SLUICE_STORE_VERSION, or a trouble of core/trouble.ts.
 */
export async function startSqlite(file: string): Promise<SqliteClient> {
  let closing = false;
  let worker: Worker | undefined = await startThread(file);
  let starting: Promise<Worker> | undefined;
  /** In the order in which their calls were sent. */
  let waiting: Waiting[] = [];
  let batch: Call[] = [];
  let flush: NodeJS.Immediate | undefined;
  listen(worker);

  function listen(thread: Worker): void {
    // Nothing that waits keeps the process: then it may end.
    thread.unref();
    thread.on("message", (outcomes: readonly Outcome[]) => {
      const answered = waiting.slice(0, outcomes.length);
      waiting = waiting.slice(outcomes.length);
      if (waiting.length === 0) thread.unref();
      outcomes.forEach((outcome, i) => {
        const call = answered[i];
        if ("thrown" in outcome) call?.reject(unpackError(outcome.thrown));
        else call?.resolve(outcome.value);
      });
    });
    let reason = "its thread has ended";
    thread.on("error", (error: Error) => {
      reason = error.message;
    });
    thread.on("exit", () => {
      worker = undefined;
      batch = [];
      reject(waiting.length, fault("SLUICE_STORE_AWAY", { reason }));
    });
  }

  /** A thread that ended, for want of memory say, is followed by another. */
  function another(): Promise<Worker> {
    starting ??= startThread(file)
      .then((started) => {
        worker = started;
        listen(started);
        if (waiting.length > 0) started.ref();
        return started;
      })
      .finally(() => {
        starting = undefined;
      });
    return starting;
  }

  function send(): void {
    flush = undefined;
    const calls = batch;
    batch = [];
    if (calls.length === 0) return;
    if (worker !== undefined) worker.postMessage(calls);
    else if (closing) reject(calls.length, fault("SLUICE_STORE_AWAY", { reason: "it is closed" }));
    else
      another().then(
        (started) => started.postMessage(calls),
        (error: unknown) => reject(calls.length, error),
      );
  }

  function reject(count: number, error: unknown): void {
    const lost = waiting.slice(0, count);
    waiting = waiting.slice(count);
    for (const one of lost) one.reject(error);
  }

  const call = (driver: string, name: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) worker?.ref();
      waiting.push({ resolve, reject });
      batch.push({ driver, name, args });
      flush ??= setImmediate(send);
    });

  return {
    driver:
      <O extends SqliteOperations>(driver: string): SqliteCall<O> =>
      (name, ...args) =>
        call(driver, name, args) as Promise<ReturnType<O[typeof name]>>,
    async close() {
      closing = true;
      if (flush !== undefined) {
        clearImmediate(flush);
        send();
      }
      const open = worker;
      if (open === undefined) return;
      const ended = new Promise((resolve) => open.once("exit", resolve));
      open.ref();
      open.postMessage("close");
      await ended;
    },
  };
}

/** Node's warning that `node:sqlite` is experimental is for us, not for users; all other warnings are theirs too. */
const QUIET = ["--disable-warning=ExperimentalWarning"];

function startThread(file: string): Promise<Worker> {
  const worker = new Worker(THREAD, { workerData: file, execArgv: QUIET, name: "sluice-store" });
  return new Promise((resolve, reject) => {
    let refused: unknown = fault("SLUICE_STORE_AWAY", { reason: "its thread has ended" });
    const failed = (error: Error): void => {
      refused = fault("SLUICE_STORE_AWAY", { reason: error.message }, { cause: error });
    };
    const ended = (): void => reject(refused);
    worker.on("error", failed);
    worker.on("exit", ended);
    worker.once("message", (first: "open" | Thrown) => {
      if (first !== "open") {
        refused = unpackError(first);
        return;
      }
      worker.off("error", failed);
      worker.off("exit", ended);
      resolve(worker);
    });
  });
}
