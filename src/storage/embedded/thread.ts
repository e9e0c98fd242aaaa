/** The thread of an embedded store: it alone has the database open, and does what the other side asks, batch by batch. */

import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { ledgerOperations } from "../ledger/sqlite/operations.ts";
import { queueOperations } from "../queue/sqlite-jobs.ts";
import { type Call, runBatch } from "./batch.ts";
import { packError } from "./error.ts";
import { openSqliteFile, type SqliteFile } from "./file.ts";
import { storeOperations } from "./key-mark.ts";
import { migrate } from "./schema.ts";

/** Calls of one transaction: those behind wait no longer than that. */
const MOST = 500;

const port = parentPort;
if (port === null) throw new Error("it is started as a thread");

/** What the other side sends: a batch, or the wish to end. */
type Message = readonly Call[] | "close";

function open(file: string): { readonly db: SqliteFile; readonly reader: SqliteFile } {
  const db = openSqliteFile(file);
  try {
    migrate(db);
    return { db, reader: openSqliteFile(file) };
  } catch (error) {
    db.close();
    throw error;
  }
}

try {
  const connections = open(String(workerData));
  const drivers = {
    ledger: ledgerOperations(connections),
    queue: queueOperations(connections.db),
    store: storeOperations(connections.db),
  };
  port.on("message", (first: Message) => {
    const calls: Call[] = [];
    // What was asked for during the commit before shares the next one.
    for (let message: Message | undefined = first; message !== undefined; message = next(calls.length)) {
      if (message === "close") {
        if (calls.length > 0) port.postMessage(runBatch(connections.db, drivers, calls));
        connections.reader.close();
        connections.db.close();
        return port.close();
      }
      calls.push(...message);
    }
    port.postMessage(runBatch(connections.db, drivers, calls));
  });
  port.postMessage("open");
} catch (error) {
  port.postMessage(packError(error));
  port.close();
}

function next(taken: number): Message | undefined {
  if (taken >= MOST || port === null) return undefined;
  return receiveMessageOnPort(port)?.message as Message | undefined;
}
