/** What an embedded store keeps for itself: under which key it is written. */

import type { SqliteCall, SqliteDatabase } from "../../core/sqlite.ts";
import type { KeyMark } from "../key-mark.ts";

export type StoreOperations = ReturnType<typeof storeOperations>;

export function storeOperations(db: SqliteDatabase) {
  return {
    readKey: () => db.get<{ id: string }>("SELECT id FROM store_key")?.id,
    writeKey(id: string): void {
      db.run("DELETE FROM store_key");
      db.run("INSERT INTO store_key (id) VALUES (?)", id);
    },
  };
}

export function sqliteMark(call: SqliteCall<StoreOperations>): KeyMark {
  return { read: () => call("readKey"), write: (id) => call("writeKey", id) };
}
