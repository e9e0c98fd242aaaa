/** The version of what a store holds: an older Sluice must not write into what a newer one laid out. */

import type { Redis } from "ioredis";
import { fault } from "../core/errors.ts";
import type { Sql } from "../core/sql.ts";

/** Raised when ledger or queue are laid out so that older versions would misread them. */
export const STORE_VERSION = 1;

/** Any number, the same in all Sluices: starts at one moment make the table one after the other. */
const START_LOCK = 7_305_832;

/** Marks a new SQL store with our version. @throws SluiceError SLUICE_STORE_VERSION when it is newer than we are. */
export async function checkSqlVersion(sql: Sql): Promise<void> {
  const found = await sql.transaction(async (client) => {
    await client.query("SELECT pg_advisory_xact_lock($1)", [START_LOCK]);
    await client.query("CREATE SCHEMA IF NOT EXISTS sluice");
    await client.query("CREATE TABLE IF NOT EXISTS sluice.store (version integer NOT NULL)");
    const [row] = await client.query<{ version: number }>("SELECT max(version) AS version FROM sluice.store");
    if (typeof row?.version === "number") return row.version;
    await client.query("INSERT INTO sluice.store (version) VALUES ($1)", [STORE_VERSION]);
    return STORE_VERSION;
  });
  refuseNewer(found);
}

/** Marks a new Redis store with our version. @throws SluiceError SLUICE_STORE_VERSION when it is newer than we are. */
export async function checkRedisVersion(redis: Redis, prefix: string): Promise<void> {
  const key = `${prefix}:store-version`;
  await redis.set(key, String(STORE_VERSION), "NX");
  refuseNewer(Number(await redis.get(key)));
}

function refuseNewer(found: number): void {
  if (found > STORE_VERSION)
    throw fault("SLUICE_STORE_VERSION", { found: String(found), known: String(STORE_VERSION) });
}
