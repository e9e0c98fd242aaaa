/** The SQL ledger's tables, as numbered steps that each store takes once. */

import { fault } from "../../../core/errors.ts";
import type { Sql, SqlClient } from "../../../core/sql.ts";

/**
 * Step n brings a store from version n to n + 1. Steps that were released are never edited; new ones are appended, with
 * their numbers in {@link ADDITIVE} where older versions can go on beside them. Everything lies in schema `sluice` and is
 * always named with it: BullMQ sets search_path on a connection we share.
 */
export const STEPS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE sluice.delivery (
      id text COLLATE "C" PRIMARY KEY,
      namespace text NOT NULL,
      listener text NOT NULL,
      received_at bigint NOT NULL,
      provider text NOT NULL,
      event text NOT NULL,
      provider_id text,
      repository text,
      ref text,
      revision text,
      pull_request bigint,
      actor text,
      proof text NOT NULL,
      size bigint NOT NULL,
      replay_of text,
      duplicate_of text,
      head bytea NOT NULL,
      body bytea,
      said text NOT NULL DEFAULT '',
      tried text NOT NULL DEFAULT '',
      failed integer NOT NULL DEFAULT 0,
      decisions bytea,
      job_ids text[] NOT NULL DEFAULT '{}',
      job_states text[] NOT NULL DEFAULT '{}',
      -- Derived by the database itself, so that no statement can forget it.
      outcome text NOT NULL GENERATED ALWAYS AS (
        CASE
          WHEN duplicate_of IS NOT NULL THEN 'duplicate'
          WHEN said = '' OR 'pending' = ANY (job_states) THEN 'pending'
          WHEN failed > 0 OR 'dead' = ANY (job_states) THEN 'dead'
          WHEN cardinality(job_states) > 0 THEN 'created'
          ELSE 'filtered'
        END
      ) STORED
    )`,
    // The payload is compressed already: Postgres must not try again.
    "ALTER TABLE sluice.delivery ALTER COLUMN body SET STORAGE EXTERNAL, ALTER COLUMN decisions SET STORAGE EXTERNAL",
    "CREATE INDEX delivery_newest ON sluice.delivery (received_at, id)",
    "CREATE INDEX delivery_pending ON sluice.delivery (received_at, id) WHERE outcome = 'pending'",
    "CREATE INDEX delivery_repository ON sluice.delivery (repository, received_at, id)",
    "CREATE INDEX delivery_listener ON sluice.delivery (namespace, listener, received_at, id)",
    `CREATE TABLE sluice.attempt (
      delivery text COLLATE "C" NOT NULL REFERENCES sluice.delivery ON DELETE CASCADE,
      job text NOT NULL,
      number integer NOT NULL,
      body text NOT NULL,
      PRIMARY KEY (delivery, job, number)
    )`,
    `CREATE TABLE sluice.run (
      delivery text COLLATE "C" NOT NULL REFERENCES sluice.delivery ON DELETE CASCADE,
      job text NOT NULL,
      name text NOT NULL,
      body text NOT NULL,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      PRIMARY KEY (delivery, job, name)
    )`,
    // Who came first with a dedupe key. A delivery that is removed gives its key back.
    `CREATE TABLE sluice.claim (
      key text PRIMARY KEY,
      delivery text COLLATE "C" NOT NULL REFERENCES sluice.delivery ON DELETE CASCADE,
      at bigint NOT NULL
    )`,
    "CREATE UNIQUE INDEX run_seq ON sluice.run (seq)",
    "CREATE INDEX claim_delivery ON sluice.claim (delivery)",
    // Sixteen rows for each outcome: with one, every commit would wait for the one before it.
    `CREATE TABLE sluice.total (
      outcome text NOT NULL,
      shard integer NOT NULL,
      count bigint NOT NULL,
      PRIMARY KEY (outcome, shard)
    ) WITH (fillfactor = 50)`,
    `CREATE FUNCTION sluice.count_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' THEN
        IF NEW.outcome = OLD.outcome THEN
          RETURN NULL;
        END IF;
        UPDATE sluice.total SET count = count - 1
        WHERE outcome = OLD.outcome AND shard = abs(hashtext(NEW.id) % 16);
      END IF;
      INSERT INTO sluice.total AS t VALUES (NEW.outcome, abs(hashtext(NEW.id) % 16), 1)
      ON CONFLICT (outcome, shard) DO UPDATE SET count = t.count + 1;
      RETURN NULL;
    END $$`,
    `CREATE TRIGGER count_outcome AFTER INSERT OR UPDATE ON sluice.delivery
    FOR EACH ROW EXECUTE FUNCTION sluice.count_outcome()`,
  ],
  [
    `ALTER TABLE sluice.delivery
      ADD COLUMN note text,
      ADD COLUMN dropped text,
      ADD COLUMN failure text NOT NULL DEFAULT '',
      ADD COLUMN death text NOT NULL DEFAULT '',
      -- By job id: when it was made pending again, and how many tries it had had.
      ADD COLUMN reopened jsonb NOT NULL DEFAULT '{}',
      ADD COLUMN bytes bigint NOT NULL GENERATED ALWAYS AS (
        octet_length(head) + coalesce(octet_length(body), 0) + coalesce(octet_length(decisions), 0)
      ) STORED`,
    "DROP INDEX sluice.delivery_pending, sluice.delivery_listener",
    ...[
      ["outcome", "outcome", ""],
      ["namespace", "namespace", ""],
      ["listener", "listener", ""],
      ["provider", "provider", ""],
      ["event", "event", ""],
      ["ref", "ref", "ref"],
      ["revision", "left(revision, 7)", "revision"],
      ["pull_request", "pull_request", "pull_request"],
      ["actor", "actor", "actor"],
      ["provider_id", "provider_id", "provider_id"],
      ["replay_of", "replay_of", "replay_of"],
      ["body", "", "body"],
    ].map(([name, value, given]) => {
      const columns = [value, "received_at", "id"].filter((column) => column !== "").join(", ");
      const where = given === "" ? "" : ` WHERE ${given} IS NOT NULL`;
      return `CREATE INDEX delivery_by_${name} ON sluice.delivery (${columns})${where}`;
    }),
    // The object's name is what follows the namespace; no kind and no namespace holds a slash.
    "CREATE INDEX run_object ON sluice.run (split_part(name, '/', 2))",
    // Triggers that matched or failed. Deliveries from before this step are not found by their triggers.
    `CREATE TABLE sluice.fired (
      trigger text NOT NULL,
      received_at bigint NOT NULL,
      delivery text COLLATE "C" NOT NULL REFERENCES sluice.delivery ON DELETE CASCADE,
      PRIMARY KEY (trigger, received_at, delivery)
    )`,
    "CREATE INDEX fired_delivery ON sluice.fired (delivery)",
    `CREATE TABLE sluice.act (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      body text NOT NULL
    )`,
    // A delivery that was forgotten leaves its key behind until that no longer counts: with its id and its outcome.
    "ALTER TABLE sluice.claim ALTER COLUMN delivery DROP NOT NULL, ADD COLUMN forgotten text, ADD COLUMN outcome text",
    "CREATE INDEX claim_forgotten ON sluice.claim (at) WHERE delivery IS NULL",
    `CREATE FUNCTION sluice.count_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      more bigint := NEW.bytes;
    BEGIN
      IF TG_OP = 'UPDATE' THEN
        more := NEW.bytes - OLD.bytes;
        IF more = 0 THEN
          RETURN NULL;
        END IF;
      END IF;
      INSERT INTO sluice.total AS t VALUES ('bytes', abs(hashtext(NEW.id) % 16), more)
      ON CONFLICT (outcome, shard) DO UPDATE SET count = t.count + more;
      RETURN NULL;
    END $$`,
    `CREATE TRIGGER count_bytes AFTER INSERT OR UPDATE ON sluice.delivery
    FOR EACH ROW EXECUTE FUNCTION sluice.count_bytes()`,
    "INSERT INTO sluice.total SELECT 'bytes', 0, coalesce(sum(bytes), 0) FROM sluice.delivery",
  ],
  [
    // Rows of totals are locked in the order of their names. A job that dies and one that is reopened would else wait for
    // each other: one leaves pending for dead, the other dead for pending.
    `CREATE OR REPLACE FUNCTION sluice.count_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      place integer := abs(hashtext(NEW.id) % 16);
    BEGIN
      IF TG_OP = 'INSERT' THEN
        INSERT INTO sluice.total AS t VALUES (NEW.outcome, place, 1)
        ON CONFLICT (outcome, shard) DO UPDATE SET count = t.count + 1;
      ELSIF NEW.outcome <> OLD.outcome THEN
        INSERT INTO sluice.total AS t
        SELECT c.outcome, place, c.change FROM (VALUES (OLD.outcome, -1), (NEW.outcome, 1)) AS c (outcome, change)
        ORDER BY c.outcome COLLATE "C"
        ON CONFLICT (outcome, shard) DO UPDATE SET count = t.count + excluded.count;
      END IF;
      RETURN NULL;
    END $$`,
  ],
  [
    "ALTER TABLE sluice.run ADD COLUMN phase text, ADD COLUMN progress text",
    "CREATE INDEX run_open ON sluice.run (seq) WHERE phase = 'running'",
  ],
  [
    // Orders of many deliveries, for whoever takes them up when their process is gone.
    `CREATE TABLE sluice.batch (
      id text COLLATE "C" PRIMARY KEY,
      at bigint NOT NULL,
      body text NOT NULL
    )`,
  ],
  [
    // Bytes of unproved deliveries, by listener. The rows' names sort right behind `bytes`: rows of totals are locked in
    // the order of their names.
    `CREATE OR REPLACE FUNCTION sluice.count_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      more bigint := NEW.bytes;
      place integer := abs(hashtext(NEW.id) % 16);
    BEGIN
      IF TG_OP = 'UPDATE' THEN
        more := NEW.bytes - OLD.bytes;
        IF more = 0 THEN
          RETURN NULL;
        END IF;
      END IF;
      INSERT INTO sluice.total AS t VALUES ('bytes', place, more)
      ON CONFLICT (outcome, shard) DO UPDATE SET count = t.count + more;
      IF NEW.proof = 'none' THEN
        INSERT INTO sluice.total AS t
        VALUES ('bytes unproved ' || NEW.namespace || '/' || NEW.listener, place, more)
        ON CONFLICT (outcome, shard) DO UPDATE SET count = t.count + more;
      END IF;
      RETURN NULL;
    END $$`,
    `INSERT INTO sluice.total
    SELECT 'bytes unproved ' || namespace || '/' || listener, 0, sum(bytes) FROM sluice.delivery
    WHERE proof = 'none' GROUP BY namespace, listener`,
  ],
  [
    // Version 0.1 knows nothing of that total when it forgets. In a row of its own, so that it waits for no other writer.
    `CREATE FUNCTION sluice.uncount_unproved() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO sluice.total AS t
      SELECT c.name, -1, c.change FROM (
        SELECT 'bytes unproved ' || namespace || '/' || listener, -sum(bytes) FROM gone WHERE proof = 'none' GROUP BY 1
      ) AS c (name, change)
      ORDER BY c.name COLLATE "C"
      ON CONFLICT (outcome, shard) DO UPDATE SET count = t.count + excluded.count;
      RETURN NULL;
    END $$`,
    `CREATE TRIGGER uncount_unproved AFTER DELETE ON sluice.delivery REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION sluice.uncount_unproved()`,
  ],
  [
    "CREATE TABLE sluice.refused (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, namespace text NOT NULL, listener text NOT NULL, at bigint NOT NULL, body text NOT NULL)",
    "CREATE INDEX refused_listener ON sluice.refused (namespace, listener, seq)",
  ],
];

/**
 * Numbers of the steps that only add: a version that does not know them works on beside them, and starts after them. All
 * versions read the greatest number in `sluice_migration`, and refuse one that they do not know; so these stand elsewhere.
 */
export const ADDITIVE: ReadonlySet<number> = new Set([6, 7, 8]);

/**
 * Brings a store to the newest version, in one transaction.
 *
 * @returns the version it has now.
 * @throws SluiceError SLUICE_STORE_VERSION when a newer version has been here.
 */
export function migrate(sql: Sql, steps = STEPS): Promise<number> {
  return sql.transaction(async (client) => {
    // Two gateways that start together must not both find an empty store. The number is "sluice" in ASCII.
    await client.query("SELECT pg_advisory_xact_lock(126909663503205)");
    await client.query("CREATE SCHEMA IF NOT EXISTS sluice");
    for (const table of [MIGRATIONS, ADDITIONS])
      await client.query(
        `CREATE TABLE IF NOT EXISTS ${table} (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`,
      );
    const known = await taken(client, MIGRATIONS);
    const version = Math.max(0, ...known);
    if (version > steps.length) {
      throw fault("SLUICE_STORE_VERSION", { found: String(version), known: String(steps.length) });
    }
    const added = await taken(client, ADDITIONS);
    for (const [i, statements] of steps.entries()) {
      const step = i + 1;
      const place = ADDITIVE.has(step) ? ADDITIONS : MIGRATIONS;
      // Once the steps that add were counted among the others, which kept older versions out.
      if (known.has(step) ? place === MIGRATIONS : added.has(step)) continue;
      if (known.has(step)) await client.query(`DELETE FROM ${MIGRATIONS} WHERE version = $1`, [step]);
      else for (const statement of statements) await client.query(statement);
      await client.query(`INSERT INTO ${place} (version) VALUES ($1)`, [step]);
    }
    return steps.length;
  });
}

const MIGRATIONS = "sluice.sluice_migration";
const ADDITIONS = "sluice.addition";

async function taken(client: SqlClient, table: string): Promise<ReadonlySet<number>> {
  const rows = await client.query<{ version: number }>(`SELECT version FROM ${table}`);
  return new Set(rows.map(({ version }) => version));
}
