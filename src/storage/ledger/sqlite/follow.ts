/** What became of the embedded ledger's runs. */

import type { Page } from "../../../core/ledger.ts";
import type { Followed, OpenRun, RunName, RunProgress } from "../../../core/progress.ts";
import type { SqliteDatabase } from "../../../core/sqlite.ts";
import { followed, openRunOf, progressText } from "../follow.ts";
import { pageSize } from "../page.ts";
import { nameOfRun } from "../record.ts";
import { seqOf } from "./operator.ts";
import type { PageOf } from "./search.ts";

export function follow(
  db: SqliteDatabase,
  delivery: string,
  run: RunName,
  progress: RunProgress,
): Followed | undefined {
  const rows = db.all<{ seq: number; phase: string | null }>(
    "SELECT seq, phase FROM run WHERE delivery = ? AND name = ?",
    ...[delivery, nameOfRun(run)],
  );
  const before = rows[0]?.phase ?? "";
  for (const { seq, phase } of rows) {
    // It only goes on, from started to ended.
    if (phase !== null && (phase !== "running" || progress.phase === "running")) continue;
    db.run(
      "UPDATE run SET phase = ?, progress = ? WHERE seq = ?",
      progress.phase,
      progressText(progress),
      seq,
    );
  }
  return rows.length === 0 ? undefined : followed(before, progress);
}

export function running(db: SqliteDatabase, page: PageOf): Page<OpenRun> {
  const limit = pageSize(page.limit);
  const rows = db.all<{ seq: number; delivery: string; name: string }>(
    "SELECT seq, delivery, name FROM run WHERE phase = 'running' AND seq > ? ORDER BY seq LIMIT ?",
    ...[page.cursor === undefined ? 0 : seqOf(page.cursor), limit + 1],
  );
  const seen = rows.slice(0, limit);
  const last = rows.length > limit ? seen.at(-1) : undefined;
  const items = seen.flatMap(({ delivery, name }) => openRunOf(delivery, name) ?? []);
  return { items, ...(last !== undefined && { next: String(last.seq) }) };
}
