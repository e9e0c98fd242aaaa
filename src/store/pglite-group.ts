/** Group commit for a database with one connection: statements that wait together become one transaction, and one fsync. */

import type { PGlite } from "@electric-sql/pglite";

/** The part of PGlite that a store needs. */
export type Database = Pick<PGlite, "close" | "exec" | "onNotification" | "query" | "transaction">;

type Query = Database["query"];

interface Call {
  readonly text: Parameters<Query>[0];
  readonly params: Parameters<Query>[1];
  readonly options: Parameters<Query>[2];
  readonly resolve: (result: Awaited<ReturnType<Query>>) => void;
  readonly reject: (error: unknown) => void;
}

/** Statements of one transaction: some 50 ms of work, so that nobody waits long for the answers of others. */
const MOST = 32;

/**
 * A database whose single statements share transactions. A lone statement runs at once, alone; under load those that
 * came while one transaction was under way go together into the next, in their order. Nobody is answered before the
 * commit that holds his statement. Where one of them fails, nothing of its transaction is there, and each runs alone:
 * a statement never fails for what stands beside it.
 */
export function groupCommit(db: Database): Database {
  let waiting: Call[] = [];
  let busy = false;

  async function flush(): Promise<void> {
    busy = true;
    while (waiting.length > 0) {
      const calls = waiting.slice(0, MOST);
      waiting = waiting.slice(MOST);
      if (calls.length === 1 || !(await together(calls))) for (const call of calls) await alone(call);
    }
    busy = false;
  }

  async function alone({ text, params, options, resolve, reject }: Call): Promise<void> {
    await db.query(text, params, options).then(resolve, reject);
  }

  async function together(calls: readonly Call[]): Promise<boolean> {
    try {
      const results = await db.transaction(async (tx) => {
        const made = [];
        for (const { text, params, options } of calls) made.push(await tx.query(text, params, options));
        return made;
      });
      for (const [i, result] of results.entries()) calls[i]?.resolve(result);
      return true;
    } catch {
      return false;
    }
  }

  return {
    close: () => db.close(),
    exec: (...given) => db.exec(...given),
    onNotification: (callback) => db.onNotification(callback),
    transaction: (callback) => db.transaction(callback),
    query<T>(...[text, params, options]: Parameters<Query>) {
      return new Promise<Awaited<ReturnType<Query>>>((resolve, reject) => {
        waiting.push({ text, params, options, resolve, reject });
        if (!busy) void flush();
      }) as ReturnType<typeof db.query<T>>;
    },
  };
}
