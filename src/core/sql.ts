/** SQL as the ledger on Postgres needs it. */

export interface SqlClient {
  /**
   * Runs one statement with `$1…` parameters.
   *
   * @throws SluiceError SLUICE_STORE_AWAY or SLUICE_STORE_FULL when the database cannot be asked; the driver's error for a wrong statement.
   */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Sql extends SqlClient {
  /** Runs `work` between BEGIN and COMMIT on one connection; ROLLBACK when it throws. */
  transaction<T>(work: (client: SqlClient) => Promise<T>): Promise<T>;
}
