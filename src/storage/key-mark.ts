/** Under which key a store is written: its fingerprint stands there, so that another gateway's wrong key is named at once. */

import type { Redis } from "ioredis";
import type { Check, CheckAnswer } from "../core/check.ts";
import type { StoreKeys } from "../core/integrity.ts";
import type { Sql } from "../core/sql.ts";

/** The place of the mark. It only tells; nothing is believed for its sake. */
export interface KeyMark {
  read(): Promise<string | undefined>;
  write(id: string): Promise<void>;
}

export function redisMark(redis: Redis, prefix: string): KeyMark {
  const key = `${prefix}:store-key`;
  return {
    read: async () => (await redis.get(key)) ?? undefined,
    async write(id) {
      await redis.set(key, id);
    },
  };
}

export function sqlMark(sql: Sql): KeyMark {
  return {
    async read() {
      const [row] = await sql.query<{ id: string }>("SELECT id FROM sluice.store_key");
      return row?.id;
    },
    write: (id) =>
      sql.transaction(async (client) => {
        await client.query("DELETE FROM sluice.store_key");
        await client.query("INSERT INTO sluice.store_key (id) VALUES ($1)", [id]);
      }),
  };
}

/** Makes what {@link sqlMark} needs. */
export async function prepareSqlMark(sql: Sql): Promise<void> {
  await sql.query("CREATE TABLE IF NOT EXISTS sluice.store_key (id text NOT NULL)");
}

/**
 * Marks a store with the key that signs, where it has no mark, or that of a key which is in the ring too: then keys are
 * being rotated. Any other mark stays: another gateway works here under another key.
 */
export async function markKey(mark: KeyMark, { keyring, adopt }: StoreKeys): Promise<void> {
  const found = await mark.read();
  if (found === keyring.id) return;
  if (found === undefined || adopt || keyring.ids.includes(found)) await mark.write(keyring.id);
}

/** Not ready under another key than the store's: what this gateway took in, none of the others would believe. */
export function keyCheck(mark: KeyMark, { keyring, adopt, encrypt }: StoreKeys): Check {
  return {
    name: "store-key",
    async check(): Promise<CheckAnswer> {
      const found = await mark.read();
      if (found !== undefined && !keyring.ids.includes(found)) {
        const message = `the store is written under key ${shown(found)}; this gateway has ${keyring.ids.join(", ")}`;
        return { state: "failed", message, fix: SAME_KEYS };
      }
      const bodies = encrypt ? ", bodies are encrypted" : "";
      if (!adopt) return { state: "ok", message: `signed under key ${keyring.id}${bodies}` };
      const message = "jobs and records without a signature are believed (--store-integrity adopt)";
      return { state: "degraded", message, fix: "Start without it as soon as nothing of before is pending." };
    },
  };
}

const SAME_KEYS =
  "Give all gateways of the store the same keys (--store-key-file, SLUICE_STORE_KEY). If the old one is lost: --store-integrity adopt, once.";

const shown = (id: string): string => (/^[0-9a-f]{8}$/.test(id) ? id : "of no known form");
