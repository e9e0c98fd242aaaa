/** Speaks SQL through a driver: a pool, or one connection of it. */

import type { SqlClient } from "../core/sql.ts";
import { sqlError } from "./sql-error.ts";

/** What pools and connections have alike. */
interface Driver {
  query<Row extends object>(text: string, values: unknown[]): Promise<{ readonly rows: Row[] }>;
}

export function sqlClient(driver: Driver): SqlClient {
  return {
    async query<Row extends object>(text: string, values: readonly unknown[] = []) {
      try {
        return (await driver.query<Row>(text, [...values])).rows;
      } catch (error) {
        throw sqlError(error);
      }
    },
  };
}
