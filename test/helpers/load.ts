/** The load generator: signed GitHub deliveries over keep-alive connections, so many at a time, each timed. */

import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { sign } from "@octokit/webhooks-methods";

/** One delivery as its sender knows it. */
export interface Sent {
  /** The X-GitHub-Delivery that it was sent with, however often. */
  readonly delivery: string;
  /** Event id of the 202; undefined when it was given up without one. */
  readonly event: string | undefined;
  /** When it was first sent, milliseconds since the epoch. */
  readonly at: number;
}

export interface LoadResult {
  /** In the order of their ends. */
  readonly deliveries: readonly Sent[];
  /** How many deliveries; one that was sent again counts once. */
  readonly sent: number;
  /** Event ids of the deliveries that were answered 202. */
  readonly accepted: readonly string[];
  /** Status code (0: no answer) to how often it came. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Milliseconds from first request to last answer. */
  readonly took: number;
  /** Milliseconds from request to answer, sorted. */
  readonly acks: readonly number[];
}

export interface LoadOptions {
  /** Where to; asked anew for each request. */
  readonly url: string | (() => string);
  readonly secret: string;
  readonly body: string;
  readonly count: number;
  readonly concurrency: number;
  /** Deliveries a second, on average; as fast as answers come unless given. */
  readonly rate?: number;
  /** X-GitHub-Delivery of the delivery of that index; a new UUID for each unless given. */
  readonly deliveryId?: (index: number) => string;
  /** Whether the delivery of that index is sent again, with the same id, until it is answered 202. Default: never. */
  readonly resend?: (index: number) => boolean;
  /** Called after each answer with the number of answers so far. */
  readonly onAnswer?: (answered: number, status: number) => void;
  /** Once true, nothing more is sent. */
  readonly stopped?: () => boolean;
}

/** A pull_request.opened payload of GitHub, padded in its body text to about 21 KB, as real ones are. */
export function pullRequest(bytes = 21_000): string {
  interface Example {
    readonly name: string;
    readonly examples: readonly Record<string, unknown>[];
  }
  const all = createRequire(import.meta.url)("@octokit/webhooks-examples") as readonly Example[];
  const examples = all.find((one) => one.name === "pull_request")?.examples ?? [];
  const opened = structuredClone(examples.find((one) => one["action"] === "opened")) as {
    pull_request: { body: string };
  };
  const missing = bytes - JSON.stringify(opened).length;
  if (missing > 0) opened.pull_request.body += ` ${"It does what it says. ".repeat(missing / 22)}`;
  return JSON.stringify(opened);
}

/** A refusal or a lost connection comes at once; without a pause senders would spin. Milliseconds. */
const PAUSE_MS = 100;
/** GitHub waits no longer for an answer. Milliseconds. */
const PATIENCE_MS = 60_000;

/** Sends `count` deliveries, `concurrency` at a time, each with a delivery id of its own unless told otherwise. */
export async function sendLoad(options: LoadOptions): Promise<LoadResult> {
  const { secret, body, count, concurrency, rate, onAnswer } = options;
  const { deliveryId = () => randomUUID(), resend = () => false, stopped = () => false } = options;
  const url = typeof options.url === "string" ? () => options.url as string : options.url;
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-github-event": "pull_request",
    "x-github-hook-id": "1",
    "x-hub-signature-256": await sign(secret, body),
  };
  const statuses: Record<string, number> = {};
  const deliveries: Sent[] = [];
  const acks: number[] = [];
  let next = 0;
  const from = performance.now();

  const send = async (index: number): Promise<void> => {
    const delivery = deliveryId(index);
    const at = Date.now();
    for (;;) {
      const started = performance.now();
      const { status, text } = await post(url(), agent, { ...headers, "x-github-delivery": delivery }, body);
      acks.push(performance.now() - started);
      statuses[status] = (statuses[status] ?? 0) + 1;
      const event = status === 202 ? (JSON.parse(text) as { eventID: string }).eventID : undefined;
      const done = event !== undefined || !resend(index) || stopped();
      if (done) deliveries.push({ delivery, event, at });
      onAnswer?.(acks.length, status);
      if (event === undefined) await sleep(PAUSE_MS);
      if (done) return;
    }
  };
  const sender = async (): Promise<void> => {
    while (next < count && !stopped()) {
      const index = next++;
      const early = rate === undefined ? 0 : from + (index / rate) * 1_000 - performance.now();
      if (early > 1) await sleep(early);
      await send(index);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sender));
  const took = performance.now() - from;
  agent.destroy();
  const accepted = deliveries.flatMap(({ event }) => event ?? []);
  return { deliveries, sent: deliveries.length, accepted, statuses, took, acks: acks.sort((a, b) => a - b) };
}

function post(
  url: string,
  agent: Agent,
  headers: Record<string, string | number>,
  body: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const lost = (): void => resolve({ status: 0, text: "" });
    const outgoing = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", lost);
    });
    outgoing.setTimeout(PATIENCE_MS, () => outgoing.destroy());
    outgoing.on("error", lost);
    outgoing.end(body);
  });
}

/** The value below which the given part of sorted numbers lies. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
