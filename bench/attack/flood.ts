/** Sends one body several times at once, from a thread of its own: the time it takes to send is not the gateway's. */

import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

interface Flood {
  readonly url: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly count: number;
}

/** @returns resolves when every copy was answered or cut off. */
export function flood(url: string, body: string | Buffer, count: number): Promise<void> {
  const bytes = new Uint8Array(Buffer.from(body));
  const data: Flood = { url, bytes, count };
  const worker = new Worker(new URL(import.meta.url), {
    workerData: data,
    transferList: [bytes.buffer],
    // The gateway's preloads are not for this thread.
    execArgv: [],
    env: {},
  });
  return new Promise((resolve, reject) => {
    worker.once("message", () => resolve()).once("error", reject);
  });
}

if (!isMainThread && parentPort !== null) {
  const { url, bytes, count } = workerData as Flood;
  await Promise.allSettled(
    Array.from({ length: count }, async () => {
      const response = await fetch(url, { method: "POST", body: bytes });
      return response.arrayBuffer();
    }),
  );
  parentPort.postMessage("done");
}
