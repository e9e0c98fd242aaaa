/** A failover that Sentinel tells of while a lost connection is on its way to the next master. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { Redis } from "ioredis";
import { parseRedisAddress } from "../../../src/storage/redis/address.ts";
import { redisConnector } from "../../../src/storage/redis/connect.ts";
import { startSentinel } from "../../helpers/redis-topologies.ts";

test("a worker's connection comes back though the switch is told while it asks for the master", {
  timeout: 60_000,
}, async () => {
  await using setup = await startSentinel();
  const sentinel = Number(new URL(setup.url).port);
  await using way = await slowWay(sentinel);
  const redis = redisConnector(parseRedisAddress(`redis+sentinel://127.0.0.1:${way.port}/sluice`))("patient");
  try {
    await way.subscribed;
    assert.equal(await redis.ping(), "PONG");
    way.holdAnswers();
    await setup.master.kill();
    assert.equal(await redis.ping(), "PONG");
    assert.match(await redis.info("server"), new RegExp(`tcp_port:${setup.replica.port}`));
  } finally {
    redis.disconnect();
  }
});

interface SlowWay extends AsyncDisposable {
  readonly port: number;
  /** Resolves when the failover detector is listening. */
  readonly subscribed: Promise<void>;
  /** From now on who asks for the master hears of it only when everybody has heard of the switch. */
  holdAnswers(): void;
}

/** Stands before a Sentinel. */
async function slowWay(sentinel: number): Promise<SlowWay> {
  const ear = new Redis(sentinel);
  await ear.subscribe("+switch-master");
  // A round trip behind the news, so that who was to hear it has.
  const switched = once(ear, "message").then(() => ear.ping());
  const subscribed = Promise.withResolvers<void>();
  let holding = false;

  const server = createServer((client) => {
    const upstream = connect(sentinel, "127.0.0.1");
    let asks = false;
    client.on("data", (data) => {
      asks ||= data.includes("get-master-addr-by-name");
      upstream.write(data);
    });
    upstream.on("data", async (data) => {
      if (data.includes("subscribe")) subscribed.resolve();
      if (asks && holding) await switched;
      client.write(data);
    });
    client.on("close", () => upstream.destroy()).on("error", () => {});
    upstream.on("close", () => client.destroy()).on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    subscribed: subscribed.promise,
    holdAnswers() {
      holding = true;
    },
    async [Symbol.asyncDispose]() {
      ear.disconnect();
      server.close();
    },
  };
}
