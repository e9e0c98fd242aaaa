/** `sluice ledger export|import`: the whole ledger into a file, while gateways run, and back into any store. */

import { createReadStream, existsSync } from "node:fs";
import { loadStoreKeys } from "../config/index.ts";
import { amount } from "../core/amount.ts";
import type { BackupItem } from "../core/backup.ts";
import type { Page } from "../core/ledger.ts";
import type { Counts } from "../storage/backup/index.ts";
import { type Imported, linesOf, readExport, writeExport } from "../storage/backup/index.ts";
import { openClient } from "./client.ts";
import type { Console } from "./console.ts";
import { openExport } from "./export-file.ts";
import { queryOf } from "./filters.ts";
import { settingOptions, settingsFrom } from "./settings.ts";
import {
  EXIT,
  type Exit,
  GATEWAY,
  JSON_OUTPUT,
  misused,
  type Options,
  textOption,
  type Verb,
  type VerbContext,
} from "./verb.ts";

export const ledger: Verb = {
  help: `
An export has every delivery with its body, decisions, jobs, tries and runs, what duplicates are recognised by, and what
people did: a line of JSON for each, and a last line without which it is not whole. - is standard output or input. It holds
payloads: its file is made with mode 0600. Keep the file of the store's keys too (docs/backup.md): what is signed under keys
that a gateway does not have, it does not believe.

What was there when the export began is in it, each delivery as one moment had it; what came later may be. An import
changes nothing that the store has already, so one that was cut off is made again. Jobs that were pending are queued by the
workers' sweep, and create objects under the same names.

  sluice ledger export backup.ndjson --store redis://localhost:6379
  sluice ledger export backup.ndjson --resume     # after it was cut off
  sluice ledger export - | zstd > backup.ndjson.zst
  sluice ledger import backup.ndjson --dry-run    # reads and checks all of it
  sluice ledger import backup.ndjson --store postgres://localhost/sluice`,
  options: [
    { flags: "--resume", description: "export: go on with a file that was cut off" },
    { flags: "--dry-run", description: "import: read and check all of it, change nothing" },
    { flags: "--reason <text>", description: "why; kept in the record of what people did" },
    ...settingOptions("store", "storeKeyFile", "storeIntegrity", "adminToken", "adminCa"),
    GATEWAY,
    JSON_OUTPUT,
  ],
  async run(context, [what = "", path = ""], options) {
    if (what === "export") return await exportLedger(context, path, options);
    if (what === "import") return await importLedger(context, path, options);
    throw misused("ledger", `"${what}" is neither export nor import`);
  },
};

/** Who and why, as the record of acts keeps it. */
function noteOf({ environment }: VerbContext, options: Options) {
  const [reason, actor] = [textOption(options, "reason"), environment["USER"]];
  return { ...(reason !== undefined && { reason }), ...(actor && { actor }) };
}

async function exportLedger(context: VerbContext, path: string, options: Options): Promise<Exit> {
  const { console, environment } = context;
  if (options["dryRun"] === true) throw misused("--dry-run", "is for an import");
  await using client = await openClient(options, environment);
  const file = await openExport(path, options["resume"] === true, process.stdout);
  const { begun } = file;
  if (begun.whole) {
    await file.close();
    console.note(`${path} is whole: ${inWords(begun.counts)}`);
    return EXIT.ok;
  }
  let stopped = false;
  context.stop.then(() => {
    stopped = true;
  });
  const note = noteOf(context, options);
  const read = (cursor?: string) =>
    client.ask<Page<BackupItem>>("GET", `/api/v1/ledger/export${queryOf({ cursor, ...note })}`);
  const progress = ({ delivery }: Counts) => console.status(deliveries(delivery));
  try {
    const needs = { read, write: file.write, stopped: () => stopped, progress };
    const { counts, whole } = await writeExport(needs, begun);
    console.status(undefined);
    console.note(
      whole ? `exported ${inWords(counts)}` : `stopped behind ${deliveries(counts.delivery)}${goOn(path)}`,
    );
    return whole ? EXIT.ok : EXIT.unavailable;
  } catch (error) {
    console.status(undefined);
    console.note(`the export is cut off${goOn(path)}`);
    throw error;
  } finally {
    await file.close();
  }
}

const goOn = (path: string): string => (path === "-" ? "" : `; --resume goes on with ${path}`);

async function importLedger(context: VerbContext, path: string, options: Options): Promise<Exit> {
  const { console, environment } = context;
  if (options["resume"] === true)
    throw misused("--resume", "is for an export; an import that was cut off is made again");
  if (textOption(options, "gateway") !== undefined)
    throw misused("--gateway", "takes no import: it is written into the store itself, which --store names");
  if (path !== "-" && !existsSync(path)) throw misused(path, "is not there");
  const settings = settingsFrom(options, environment);
  const keys = loadStoreKeys(settings, environment, false);
  const dry = options["dryRun"] === true;
  const lines = () => linesOf(path === "-" ? process.stdin : createReadStream(path));
  const progress = ({ delivery }: Counts) => console.status(deliveries(delivery));
  // All of a file is read before any of it is put anywhere: what is wrong with it leaves the store as it is.
  const checked = path === "-" && !dry ? undefined : await readExport({ lines: lines(), keys, progress });
  let done = checked;
  if (!dry) {
    const { openStore } = await import("../storage/index.ts");
    const store = await openStore(settings.store, { keys });
    try {
      const act = { at: Date.now(), verb: "import", subject: "ledger", ...noteOf(context, options) };
      await store.ledger.record(act);
      done = await readExport({ lines: lines(), keys, ledger: store.ledger, progress });
    } finally {
      await store.close();
    }
  }
  console.status(undefined);
  if (done === undefined) return EXIT.unavailable;
  if (options["output"] === "json") console.json(done);
  else report(console, done, { dry, keys: keys?.keyring.ids ?? [] });
  return done.whole ? EXIT.ok : EXIT.no;
}

function report(
  { out, colors }: Console,
  { read, result, whole, at, trust, unknownKeys }: Imported,
  { dry, keys }: { readonly dry: boolean; readonly keys: readonly string[] },
): void {
  out(`an export of ${new Date(at).toISOString()}: ${inWords(read)}`);
  if (!dry) {
    const skipped =
      result.void === 0 ? "" : `, ${amount(result.void, "claim")} without a delivery, or too old`;
    out(`${result.added} added, ${result.known} there already${skipped}`);
  }
  const warn = (line: string) => out(`${colors.yellow("!")} ${line}`);
  const kept = "kept and shown, but neither replayed nor tried again";
  if (trust.unknown > 0)
    warn(
      `${amount(trust.unknown, "delivery is", "deliveries are")} signed under ${unknownKeys.join(", ")}, which is not among this store's keys (${keys.join(", ") || "it has none"}): ${kept}, until its gateways have that key`,
    );
  if (trust.forged > 0)
    warn(`${amount(trust.forged, "delivery was", "deliveries were")} changed after signing: ${kept}`);
  if (trust.unsigned > 0 && keys.length > 0)
    warn(`${deliveries(trust.unsigned)} without a signature: ${kept}, but with --store-integrity adopt`);
  if (!whole)
    out(
      `${colors.red("✗")} the export is not whole: it was cut off, and duplicates of what it holds may not be recognised; \`sluice ledger export --resume\` goes on with its file`,
    );
  else out(colors.green(dry ? "✓ whole, and fit to be imported" : "✓ the ledger has all of it"));
}

function inWords({ delivery, claim, act, batch }: Counts): string {
  const rest = [amount(claim, "dedupe key"), amount(act, "act"), amount(batch, "order")];
  return `${[deliveries(delivery), ...rest].join(", ")} of many`;
}

function deliveries(count: number): string {
  return amount(count, "delivery", "deliveries");
}
