/** The ledger's numbers: how long, how many, how wide. */

/** How long a delivery's dedupe key is remembered, milliseconds: the 72 hours that DESIGN.md promises. */
export const DEDUPE_WINDOW_MS = 72 * 3_600_000;

/** Attempts kept of one job; older ones go. */
export const ATTEMPTS_KEPT = 20;

/** Names of created objects in a summary. */
export const RUNS_SHOWN = 20;

/** Largest page of a list. */
export const PAGE_MAX = 500;

/** Characters kept of a field that lists show and searches use. */
export const FIELD_CHARS = 256;

/** Characters kept of a line for people: reasons, and names of objects (a kind, a namespace and a name of 253). */
export const LINE_CHARS = 1_000;

/** A store that answers nobody for so many milliseconds counts as away. */
export const PATIENCE_MS = 2_000;

/** Violations that an audit spells out; the rest is counted. */
export const VIOLATIONS_SHOWN = 100;

/** Work of one page of a search: a record that is read counts 1, an entry of an index that is looked at 1/10. */
export const SEARCH_WORK = 500;

/** Dead letters that are grouped; of more than these the newest. */
export const DEAD_GROUPED = 10_000;

/** Ids that a group of dead letters names. */
export const GROUP_IDS = 10;

/** Orders of many that are kept. */
export const BATCHES_KEPT = 50;

/** Deliveries forgotten in one write: others wait for it. */
export const PRUNE_BATCH = 100;
