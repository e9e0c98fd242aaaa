/** The tables of the ledger in the embedded database. */

/** Columns by which deliveries are looked for; each index goes on by time of arrival and id, as lists do. */
const SEARCHED = [
  ...["outcome", "namespace", "listener", "provider", "event", "substr(revision, 1, 7)"].map((column) => ({
    column,
    where: "",
  })),
  ...["repository", "ref", "pull_request", "actor", "provider_id", "replay_of"].map((column) => ({
    column,
    where: ` WHERE ${column} IS NOT NULL`,
  })),
];

/**
 * What version 1 of the store has of the ledger. Requests and decisions stand apart from what changes with every try of a
 * job: SQLite writes a row whole, and a body may have megabytes.
 */
export const LEDGER_TABLES: readonly string[] = [
  `CREATE TABLE delivery (
    id TEXT PRIMARY KEY,
    namespace TEXT NOT NULL,
    listener TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    event TEXT NOT NULL,
    provider_id TEXT,
    repository TEXT,
    ref TEXT,
    revision TEXT,
    pull_request INTEGER,
    actor TEXT,
    proof TEXT NOT NULL,
    size INTEGER NOT NULL,
    replay_of TEXT,
    note TEXT,
    duplicate_of TEXT,
    outcome TEXT NOT NULL,
    said TEXT NOT NULL,
    tried TEXT NOT NULL,
    failed INTEGER NOT NULL,
    failure TEXT NOT NULL,
    death TEXT NOT NULL,
    dropped TEXT,
    -- JSON: pairs of a job's id and its state; and by job id, when it was made pending again.
    jobs TEXT NOT NULL,
    reopened TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    has_body INTEGER NOT NULL
  ) STRICT`,
  "CREATE INDEX delivery_newest ON delivery (received_at, id)",
  ...SEARCHED.map(
    ({ column, where }, i) =>
      `CREATE INDEX delivery_by_${i} ON delivery (${column}, received_at, id)${where}`,
  ),
  "CREATE INDEX delivery_by_body ON delivery (received_at, id) WHERE has_body = 1",
  `CREATE TABLE content (
    id TEXT PRIMARY KEY,
    head BLOB NOT NULL,
    decisions BLOB,
    body BLOB
  ) STRICT`,
  `CREATE TABLE attempt (
    delivery TEXT NOT NULL,
    job TEXT NOT NULL,
    number INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (delivery, job, number)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE run (
    seq INTEGER PRIMARY KEY,
    delivery TEXT NOT NULL,
    job TEXT NOT NULL,
    name TEXT NOT NULL,
    object TEXT NOT NULL,
    body TEXT NOT NULL,
    phase TEXT,
    progress TEXT,
    UNIQUE (delivery, job, name)
  ) STRICT`,
  "CREATE INDEX run_object ON run (object)",
  "CREATE INDEX run_open ON run (seq) WHERE phase = 'running'",
  // Triggers that matched or failed.
  `CREATE TABLE fired (
    trigger TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    delivery TEXT NOT NULL,
    PRIMARY KEY (trigger, received_at, delivery)
  ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX fired_delivery ON fired (delivery)",
  // Who came first with a dedupe key. With an outcome where that delivery is forgotten by now.
  `CREATE TABLE claim (
    key TEXT PRIMARY KEY,
    delivery TEXT NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT
  ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX claim_delivery ON claim (delivery)",
  "CREATE INDEX claim_forgotten ON claim (at) WHERE outcome IS NOT NULL",
  "CREATE TABLE total (name TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  "CREATE TABLE act (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL) STRICT",
  `CREATE TABLE refused (
    seq INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    listener TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT`,
  "CREATE INDEX refused_listener ON refused (namespace, listener, seq)",
  "CREATE INDEX refused_at ON refused (at)",
  "CREATE TABLE batch (id TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) STRICT",
];
