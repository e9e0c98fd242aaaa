/** Refusals in the embedded ledger: of each listener the latest. */

import { REFUSALS_KEPT, type Refusal, type RefusalFilter } from "../../../core/refusal.ts";
import type { SqliteDatabase } from "../../../core/sqlite.ts";
import { bareName, fullName } from "../named.ts";
import { cleanRefusal, isWanted, latestFirst, oldestKept } from "../refusals.ts";

export function keepRefused(db: SqliteDatabase, refusals: readonly Refusal[]): void {
  if (refusals.length === 0) return;
  const kept = refusals.map(cleanRefusal);
  for (const one of kept) {
    const { namespace, name } = one.listener;
    db.run(
      "INSERT INTO refused (namespace, listener, at, body) VALUES (?, ?, ?, ?)",
      ...[namespace, name, one.lastAt, JSON.stringify(one)],
    );
    db.run(
      `DELETE FROM refused WHERE seq IN (
        SELECT seq FROM refused WHERE namespace = ? AND listener = ? ORDER BY seq DESC LIMIT -1 OFFSET ?
      )`,
      ...[namespace, name, REFUSALS_KEPT],
    );
  }
  db.run("DELETE FROM refused WHERE at < ?", oldestKept(Math.max(...kept.map(({ lastAt }) => lastAt))));
}

export function refused(db: SqliteDatabase, filter: RefusalFilter, limit: number): readonly Refusal[] {
  const namespace = fullName(filter.listener)?.namespace ?? filter.namespace ?? null;
  const name = filter.listener === undefined ? null : bareName(filter.listener);
  const rows = db.all<{ body: string }>(
    `SELECT body FROM refused WHERE (? IS NULL OR namespace = ?) AND (? IS NULL OR listener = ?) AND at >= ?
    ORDER BY at DESC`,
    ...[namespace, namespace, name, name, Math.ceil(filter.since ?? 0)],
  );
  return rows
    .map(({ body }) => JSON.parse(body) as Refusal)
    .filter((one) => isWanted(one, filter))
    .sort(latestFirst)
    .slice(0, limit);
}
