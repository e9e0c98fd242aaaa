/** Group commit: which statements share a transaction, and that none fails or counts twice for what stands beside it. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPglite } from "../../src/store/pglite.ts";
import { type Database, groupCommit } from "../../src/store/pglite-group.ts";
import { temporaryFolder } from "../helpers/folder.ts";

const folder = temporaryFolder();
let db: Database;

before(async () => {
  db = groupCommit(await openPglite(`${folder.path}/postgres`));
  await db.exec("CREATE TABLE public.t (n integer PRIMARY KEY, times integer NOT NULL DEFAULT 1)");
});
after(async () => {
  await db.close();
  folder[Symbol.dispose]();
});

const xid = async (): Promise<string> => {
  const { rows } = await db.query<{ id: unknown }>("SELECT pg_current_xact_id()::text AS id");
  return String(rows[0]?.id);
};
const put = (n: number) =>
  db.query("INSERT INTO public.t (n) VALUES ($1) ON CONFLICT (n) DO UPDATE SET times = t.times + 1", [n]);
const all = async () => (await db.query("SELECT n, times FROM public.t ORDER BY n")).rows;

test("a lone statement is a transaction of its own; those that wait together share one", async () => {
  const [first, second, third] = await Promise.all([xid(), xid(), xid()]);
  assert.notEqual(first, second);
  assert.equal(second, third);
});

test("a large crowd is split, in its order, and everybody gets his own answer", async () => {
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const { rows } = await db.query<{ i: number }>("SELECT $1::int AS i", [i]);
      return rows[0]?.i;
    }),
  );
  assert.deepEqual(
    answers,
    Array.from({ length: 200 }, (_, i) => i),
  );
});

test("a statement that fails fails alone, and its neighbours happen once", async () => {
  const results = await Promise.allSettled([
    put(1),
    put(2),
    db.query("SELECT 1 / $1::int", [0]),
    put(3),
    db.query("no statement at all"),
    put(1),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"],
  );
  const [, , division] = results;
  assert.match(String(division.status === "rejected" && division.reason), /division by zero/);
  assert.deepEqual(await all(), [
    { n: 1, times: 2 },
    { n: 2, times: 1 },
    { n: 3, times: 1 },
  ]);
});

test("a transaction of somebody's own keeps the database to itself meanwhile", async () => {
  const seen: string[] = [];
  await Promise.all([
    db.transaction(async (tx) => {
      await tx.query("INSERT INTO public.t (n) VALUES (50)");
      seen.push("half");
      await tx.query("INSERT INTO public.t (n) VALUES (51)");
    }),
    db.query("SELECT count(*)::int AS n FROM public.t WHERE n >= 50").then(({ rows }) => {
      seen.push(JSON.stringify(rows[0]));
    }),
  ]);
  assert.deepEqual(seen, ["half", '{"n":2}']);
});
