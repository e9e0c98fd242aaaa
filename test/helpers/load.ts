/** The load generator: signed GitHub deliveries over keep-alive connections, so many at a time, each timed. */

import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { createRequire } from "node:module";
import { sign } from "@octokit/webhooks-methods";

export interface LoadResult {
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

/**
 * Sends `count` deliveries, `concurrency` at a time, each with a delivery id of its own.
 *
 * @param onAnswer called after each answer with the number of answers so far.
 */
export async function sendLoad(options: {
  readonly url: string;
  readonly secret: string;
  readonly body: string;
  readonly count: number;
  readonly concurrency: number;
  readonly onAnswer?: (answered: number) => void;
}): Promise<LoadResult> {
  const { url, secret, body, count, concurrency, onAnswer } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-github-event": "pull_request",
    "x-github-hook-id": "1",
    "x-hub-signature-256": await sign(secret, body),
  };
  const statuses: Record<string, number> = {};
  const accepted: string[] = [];
  const acks: number[] = [];
  let next = 0;
  const from = performance.now();
  const sender = async (): Promise<void> => {
    while (next < count) {
      next++;
      const started = performance.now();
      const { status, text } = await post(
        url,
        agent,
        { ...headers, "x-github-delivery": randomUUID() },
        body,
      );
      acks.push(performance.now() - started);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 202) accepted.push((JSON.parse(text) as { eventID: string }).eventID);
      onAnswer?.(acks.length);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sender));
  const took = performance.now() - from;
  agent.destroy();
  return { sent: count, accepted, statuses, took, acks: acks.sort((a, b) => a - b) };
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
    outgoing.on("error", lost);
    outgoing.end(body);
  });
}

/** The value below which the given part of sorted numbers lies. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
