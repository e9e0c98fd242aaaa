/** Several Postgres servers: the one that takes writes is found, followed when another is promoted, and left when it is deposed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import { parsePostgresAddress } from "../../../src/storage/postgres/address.ts";
import { openPool, type PostgresPool } from "../../../src/storage/postgres/pool.ts";
import { eventually } from "../../helpers/gateway.ts";
import { type PostgresServer, startPostgres, startStandby } from "../../helpers/postgres.ts";

const addressOf = (...servers: readonly Pick<PostgresServer, "port">[]) =>
  parsePostgresAddress(
    `postgres://postgres@${servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}/postgres`,
  );

/** The port of the server that the pool writes to. */
const serving = async (pool: PostgresPool): Promise<number | undefined> => {
  try {
    const { rows } = await pool.query<{ port: number }>("SELECT inet_server_port() AS port");
    return rows[0]?.port;
  } catch {
    return undefined;
  }
};

test("a standby is passed over, and used once it is promoted, though the old primary goes on", {
  timeout: 120_000,
}, async () => {
  await using primary = await startPostgres();
  await using standby = await startStandby(primary);
  const pool = await openPool(addressOf(standby, primary));
  assert.equal(await serving(pool), primary.port);
  const held = await pool.connect();
  await standby.promote();
  await eventually(
    () => serving(pool),
    (port) => port === standby.port,
    20_000,
  );
  await assert.rejects(held.query("SELECT 1"), "connections to the deposed one are cut");
  held.release(true);
  await pool.end();
});

test("a server that becomes read-only is left with the first write that it refuses", {
  timeout: 120_000,
}, async () => {
  await using server = await startPostgres();
  const pool = await openPool(addressOf(server));
  const client = await pool.connect();
  await client.query("CREATE TABLE public.t (a integer)");
  const gone = new Promise((resolve) => client.once("end", resolve));
  server.run("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()");
  await eventually(
    () =>
      client.query("INSERT INTO public.t VALUES (1)").then(
        () => "taken",
        ({ code }: { code?: string }) => code,
      ),
    (answer) => answer === "25006",
    20_000,
  );
  await gone;
  client.release(true);
  await pool.end();
});

test("where no server takes writes, each of them is named with its reason", {
  timeout: 120_000,
}, async () => {
  await using primary = await startPostgres();
  await using standby = await startStandby(primary);
  await primary.stop();
  await assert.rejects(
    openPool(addressOf(primary, standby)),
    (error) =>
      error instanceof SluiceError &&
      error.code === "SLUICE_STORE_AWAY" &&
      error.message.includes(`127.0.0.1:${primary.port}: connect ECONNREFUSED`) &&
      error.message.includes(`127.0.0.1:${standby.port}: a standby`),
  );
});
