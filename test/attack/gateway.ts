/** What the attack tests on ids and on the store share: a gateway on a Redis of its own, and senders with and without a secret. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { yamlOf } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { cel, github, listener, OPEN, secret, signature, trigger } from "../helpers/objects.ts";
import { startRedis } from "../helpers/redis.ts";

/** `proof` demands GitHub's signature; `open` takes anybody and fires for all; `picky` takes anybody and fires for few. */
export const OBJECTS = [
  secret("hook", "s3cret"),
  listener("proof", [trigger("build", [github()])]),
  listener("open", [trigger("any")], OPEN),
  listener("picky", [trigger("few", [cel("body.repo == 'acme'")])], OPEN),
];

export interface Attacked extends AsyncDisposable {
  readonly gateway: GatewayProcess;
  readonly redis: string;
  /** Where created objects are written. */
  readonly runs: string;
  /** @returns the status, and the answer's body. */
  send(
    to: string,
    body: string | Buffer,
    more?: Sent,
  ): Promise<{ readonly status: number; readonly retryAfter: string | null; readonly said: Answer }>;
}

export interface Sent {
  /** X-GitHub-Delivery. */
  readonly id?: string;
  /** Signs as GitHub does. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly eventID?: string;
  readonly code?: string;
  readonly errorMessage?: string;
}

export async function attacked(
  maxmemory: string,
  args: readonly string[] = [],
  objects: readonly Readonly<Record<string, unknown>>[] = OBJECTS,
): Promise<Attacked> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder("sluice-attack-"));
  const file = join(folder.path, "objects.yaml");
  writeFileSync(file, yamlOf(objects));
  const redis = opened.use(await startRedis({ settings: () => ({ maxmemory }) }));
  const runs = join(folder.path, "runs");
  const place = ["--store", redis.url, "--create", `directory:${runs}`];
  const gateway = await startGateway(["--config", file, ...place, ...args]);
  opened.defer(() => gateway.stop());
  const running = opened.move();
  return {
    gateway,
    redis: redis.url,
    runs,
    async send(to, body, { id = crypto.randomUUID(), token, headers: own } = {}) {
      const headers: Record<string, string> = {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": id,
        ...own,
      };
      if (token !== undefined) headers["x-hub-signature-256"] = signature(token, String(body));
      const response = await fetch(`${gateway.url}/ci/${to}`, { method: "POST", headers, body });
      const said = (await response.json()) as Answer;
      return { status: response.status, retryAfter: response.headers.get("retry-after"), said };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
