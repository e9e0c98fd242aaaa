/** A gateway on a Redis of its own that has taken some deliveries in: what the verbs of operators are tried on. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSettings } from "../../src/config/load.ts";
import { type Gateway, startGateway } from "../../src/main.ts";
import { listen, yamlOf } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { signature, signed, type Written } from "../helpers/objects.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";

export interface Running extends AsyncDisposable {
  /** Its path; removed at the end. */
  readonly folder: string;
  readonly redis: RedisServer;
  readonly gateway: Gateway;
  /** Delivers a body to the only listener, as a sender that was proved. */
  send(body: string): Promise<void>;
}

/**
 * Starts it.
 *
 * @param triggers of its listener.
 * @param bodies what it is sent first; resolves when `made` runs were created of them.
 */
export async function openRunning({
  triggers,
  adminToken,
  bodies,
  made,
}: {
  readonly triggers: readonly Written[];
  readonly adminToken: string;
  readonly bodies: readonly string[];
  readonly made: number;
}): Promise<Running> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder());
  const redis = opened.use(await startRedis({ appendfsync: "no" }));
  const ear = listen();
  const objects = join(folder.path, "objects.yaml");
  writeFileSync(objects, yamlOf(signed(...triggers)));
  const flags = {
    ...{ config: [objects], create: `directory:${join(folder.path, "runs")}`, store: redis.url },
    ...{ listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken, durability: "relaxed" },
  };
  const options = { color: false, log: false, listener: ear.tell };
  const gateway = await startGateway(loadSettings({ flags }), options);
  opened.defer(() => gateway.stop("the test is over"));
  const send = async (body: string): Promise<void> => {
    const headers = { "content-type": "application/json", "x-hub-signature-256": signature("s3cret", body) };
    const { status } = await fetch(`${gateway.listen}/ci/git`, { method: "POST", body, headers });
    assert.equal(status, 202);
  };
  for (const body of bodies) await send(body);
  await ear.heard(() => ear.facts.filter(({ type }) => type === "run.created").length === made);
  const held = opened.move();
  return { folder: folder.path, redis, gateway, send, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
