/** What a Postgres must hold to: a commit is on disk before it is answered, and the server may be written. */

import type { Check } from "../../core/check.ts";
import type { Sql } from "../../core/sql.ts";
import type { Durability, Judge } from "../survey.ts";
import { degraded, failed, forgets, ok, surveyChecks } from "../survey.ts";
import type { PostgresPool } from "./pool.ts";

/** What a server said of itself, as Postgres spells it. */
export interface PostgresSurvey {
  readonly fsync: string;
  readonly synchronousCommit: string;
  readonly fullPageWrites: string;
  readonly standbyNames: string;
  readonly version: string;
  readonly versionNumber: number;
  readonly recovering: boolean;
  readonly readOnly: boolean;
  /** Servers that follow this one. */
  readonly standbys: number;
}

/** @throws SluiceError SLUICE_STORE_AWAY. */
export async function surveyPostgres(sql: Sql): Promise<PostgresSurvey> {
  const [row] = await sql.query<PostgresSurvey>(SURVEY);
  return row as PostgresSurvey;
}

/** Makes the checks of a Postgres store. */
export function postgresChecks(sql: Sql, durability: Durability): readonly Check[] {
  return surveyChecks(() => surveyPostgres(sql), postgresJudges(durability));
}

/** Not ready while connections are no sessions of their own: jobs would be neither found nor waited for. */
export function sessionChecks({
  sessions,
  prove,
}: Pick<PostgresPool, "sessions" | "prove">): readonly Check[] {
  const ask = async () => {
    await prove().catch((error: unknown) => {
      if (sessions.fault() === undefined) throw error;
    });
    return { wrong: sessions.fault(), pooled: sessions.pooled() };
  };
  return surveyChecks(ask, {
    "store-session": ({ wrong, pooled }) => {
      if (wrong !== undefined) return failed(wrong.message, wrong.fix);
      return ok(pooled ? "a pooler stands between, and keeps sessions" : "each connection has its own");
    },
  });
}

/** The checks by name; each reads one matter from the survey. */
export function postgresJudges(durability: Durability): Readonly<Record<string, Judge<PostgresSurvey>>> {
  return {
    "store-fsync": ({ fsync, fullPageWrites }) => {
      if (fsync !== "on")
        return forgets(
          durability,
          `fsync ${fsync}: a crash of the machine may lose or spoil the whole database`,
          "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();",
        );
      if (fullPageWrites === "on") return ok("fsync on");
      return degraded(
        "full_page_writes off: a crash may spoil pages, unless the file system writes them whole",
        "ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf();",
      );
    },

    "store-commit": ({ synchronousCommit: mode }) => {
      if (mode !== "off") return ok(`synchronous_commit ${mode}: a 202 is on disk`);
      return forgets(
        durability,
        "synchronous_commit off: a crash loses the last moments of accepted deliveries",
        "ALTER ROLE … SET synchronous_commit = on for the role of this address.",
      );
    },

    "store-role": ({ recovering, readOnly }) => {
      if (!recovering && !readOnly) return ok("primary");
      const reason = recovering ? "a standby" : "read-only by default_transaction_read_only";
      return failed(`it is ${reason}: it cannot be written to`, "Name the primary in --store.");
    },

    "store-replication": ({ standbys, standbyNames, synchronousCommit }) => {
      const waits = standbyNames !== "" && !["local", "off"].includes(synchronousCommit);
      if (waits) return ok("a commit waits for a standby");
      if (durability === "replicated")
        return failed(
          "commits wait for no standby, and --durability replicated demands it",
          "Set synchronous_standby_names, and synchronous_commit to on; see docs/durability.md.",
        );
      if (standbys === 0 && standbyNames === "") return ok("no standbys: no failover");
      return degraded(
        "a failover loses what the standby had not received yet",
        "Set synchronous_standby_names, and synchronous_commit to on; see docs/durability.md.",
      );
    },

    "store-version": ({ version, versionNumber }) => {
      if (versionNumber >= OLDEST * 10_000) return ok(version);
      return degraded(
        `Postgres ${version} is older than ${OLDEST}`,
        "Use a version that is still maintained.",
      );
    },
  };
}

/** What BullMQ 6 recommends; it refuses those before 13 itself. */
const OLDEST = 14;

const SURVEY = `
SELECT current_setting('fsync') AS fsync,
       current_setting('synchronous_commit') AS "synchronousCommit",
       current_setting('full_page_writes') AS "fullPageWrites",
       current_setting('synchronous_standby_names') AS "standbyNames",
       current_setting('server_version') AS version,
       current_setting('server_version_num')::int AS "versionNumber",
       pg_is_in_recovery() AS recovering,
       current_setting('default_transaction_read_only')::bool AS "readOnly",
       (SELECT count(*)::int FROM pg_stat_replication WHERE application_name <> 'pg_basebackup') AS standbys`;
