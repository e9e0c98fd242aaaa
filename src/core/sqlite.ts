/** The embedded database as its drivers see it: plain calls in the database's own thread, promises everywhere else. */

export type SqliteValue = null | number | string | Uint8Array;

/** One connection, within the thread that owns it. Statements stay prepared. */
export interface SqliteDatabase {
  /** @returns the number of rows that were changed. */
  run(text: string, ...values: readonly SqliteValue[]): number;
  get<Row extends object>(text: string, ...values: readonly SqliteValue[]): Row | undefined;
  all<Row extends object>(text: string, ...values: readonly SqliteValue[]): readonly Row[];
  isTransaction(): boolean;
}

/** The connections of the thread. */
export interface SqliteConnections {
  /** Every operation runs on it, in a transaction with the others of its batch, and is undone alone when it throws. */
  readonly db: SqliteDatabase;
  /** For readers that need one snapshot over several operations; outside of the batches' transactions. */
  readonly reader: SqliteDatabase;
}

/** What a driver does in the thread. Arguments and results are cloned on their way, so they are plain data. */
export type SqliteOperations = Readonly<Record<string, (...args: never[]) => unknown>>;

/**
 * Runs one operation in the thread. Resolves when the transaction that carried it is on disk.
 *
 * @throws SluiceError as the operation threw it, or a trouble of core/trouble.ts.
 */
export type SqliteCall<O extends SqliteOperations> = <K extends keyof O & string>(
  name: K,
  ...args: Parameters<O[K]>
) => Promise<ReturnType<O[K]>>;

/** A list for `IN (${EACH})`: one parameter, {@link listOf} it. */
export const EACH = "SELECT value FROM json_each(?)";

export const listOf = (texts: readonly string[]): string => JSON.stringify(texts);
