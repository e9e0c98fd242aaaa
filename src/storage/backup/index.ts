/** The ledger as a file: export and import. */

export { type Begun, findEnd, START, writeExport } from "./export.ts";
export type { Counts } from "./format.ts";
export { type Imported, readExport } from "./import.ts";
export { linesOf } from "./lines.ts";
