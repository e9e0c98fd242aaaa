/** Batches on the command line: what will happen is said and confirmed, progress is shown, the end is told. */

import type { Batch, BatchResult } from "../admin/batch.ts";
import { isResumable } from "../admin/batch.ts";
import { FILTERS } from "../admin/filter.ts";
import { MANNER } from "../admin/select.ts";
import { nameOf, started } from "./batch-watch.ts";
import { type Console, oneLine } from "./console.ts";
import { filterOf, readOption } from "./filters.ts";
import type { Client } from "./http.ts";
import {
  EXIT,
  type Exit,
  misused,
  type Options,
  textOption,
  type VerbContext,
  type VerbOption,
} from "./verb.ts";

export const BATCH_OPTIONS: readonly VerbOption[] = [
  { flags: "--count", description: "only count" },
  { flags: "--dry-run", description: "change nothing; show what would come of it" },
  { flags: "--rate <number>", description: "deliveries per second, at most; default 10" },
  { flags: "--reason <text>", description: "why; kept with what is done" },
  { flags: "-y, --yes", description: "do not ask" },
];

/** What a batch is about and how it is to be done, as the API takes it. */
export interface BatchRequest {
  readonly path: "/api/v1/replays" | "/api/v1/retries" | "/api/v1/drops";
  readonly body: object;
}

/** The part of a request's body that all batches share. @throws SluiceError SLUICE_ARGUMENT_INVALID. */
export function mannerOf({ environment }: VerbContext, options: Options): object {
  const [rate, reason] = [textOption(options, "rate"), textOption(options, "reason")];
  const actor = environment["USER"];
  return {
    ...(rate !== undefined && { rate: readOption("rate", MANNER.rate, rate) }),
    ...(reason !== undefined && { reason: readOption("reason", MANNER.reason, reason) }),
    ...(actor && { actor }),
  };
}

/** The selection by options, or undefined when they select nothing. */
export function filterSelection(options: Options): object | undefined {
  const filter = filterOf(options);
  return Object.keys(filter).some((key) => Object.hasOwn(FILTERS, key)) ? { filter } : undefined;
}

/** How an act that many are to suffer is put to a person. */
export interface Wording {
  /** From a dry run, or a count: `this will start 41 runs`. */
  readonly will: (seen: Batch) => string;
  /** `replayed`. */
  readonly did: string;
}

/**
 * Runs a batch from the question to the end.
 *
 * @param asks whether a person is to be asked first.
 */
export async function runBatch(
  context: VerbContext,
  client: Client,
  { path, body }: BatchRequest,
  options: Options,
  { will, did }: Wording,
  asks: boolean,
): Promise<Exit> {
  const { console } = context;
  const follow = (mode: object) => started(context, client, path, { ...body, ...mode });
  if (options["count"] === true) return finish(console, await follow({ count: true }), options, "counted");
  if (options["dryRun"] === true) {
    const seen = await follow({ dryRun: true });
    if (options["output"] !== "json") console.note(will(seen));
    return finish(console, seen, options, "looked at");
  }
  if (asks && options["yes"] !== true) {
    if (!console.interactive) throw misused("--yes", "nobody can be asked here; say --yes");
    const seen = await follow({ dryRun: true });
    if (seen.state === "failed") return finish(console, seen, options, did);
    if (seen.total === 0) return nothing(console, seen);
    if (!(await console.confirm(`${will(seen)}. Go on?`))) {
      console.note("nothing was done");
      return EXIT.no;
    }
  }
  return finish(console, await follow({}), options, did);
}

/** Goes on with a batch that ended early, to its end. */
export async function resumeBatch(
  context: VerbContext,
  client: Client,
  { path, body }: BatchRequest,
  id: string,
  options: Options,
  { did }: Wording,
): Promise<Exit> {
  const batch = await started(context, client, path, body, `${path}/${encodeURIComponent(id)}/resume`);
  return finish(context.console, batch, options, did);
}

function nothing(console: Console, batch: Batch): Exit {
  console.note("no delivery matches");
  return inVain(batch) ? EXIT.no : EXIT.ok;
}

/** What was named is not there, or nothing could be done to any of it. A filter that nothing fits is no mistake. */
function inVain({ mode, selection, total, done, skipped }: Batch): boolean {
  if (mode === "count" || done > 0) return false;
  return skipped > 0 || (total === 0 && selection.startsWith("fingerprint="));
}

/** Tells how it ended. */
function finish(console: Console, batch: Batch, options: Options, did: string): Exit {
  if (options["output"] === "json") console.json(batch);
  else if (batch.mode === "count") console.out(String(batch.total));
  else {
    for (const result of batch.results ?? []) printResult(console, result);
    const others = [
      batch.skipped > 0 && `${batch.skipped} skipped`,
      batch.failed > 0 && `${batch.failed} failed`,
    ];
    const counts = [`${batch.done} ${did}`, ...others.filter(Boolean)].join(", ");
    const name = batch.mode === "act" ? ` (${nameOf(batch)})` : "";
    console.out(`${counts} of ${batch.total}${ENDED[batch.state] ?? ""}${name}`);
    // Retries and drops select what is still dead: ordered anew they go on as well.
    if (batch.mode === "act" && batch.verb === "replay" && isResumable(batch))
      console.note(`sluice replay --resume ${oneLine(batch.id)} goes on with it`);
    if (batch.error !== undefined) console.note(`it ended early: ${oneLine(batch.error)}`);
  }
  return batch.state === "done" && batch.failed === 0 && !inVain(batch) ? EXIT.ok : EXIT.no;
}

const ENDED: Readonly<Partial<Record<Batch["state"], string>>> = {
  cancelled: "; cancelled",
  interrupted: "; interrupted",
  failed: "; failed",
};

function printResult(
  console: Console,
  { delivery, outcome, made, code, why, differences }: BatchResult,
): void {
  const { colors } = console;
  if (outcome !== "done") {
    const paint = outcome === "failed" ? colors.red : colors.yellow;
    const told = code === undefined ? "" : colors.dim(` [${code}]`);
    console.out(`${delivery}  ${paint(outcome)}  ${oneLine(why ?? "")}${told}`);
  } else if (made !== undefined) console.out(`${delivery}  replayed as ${made}`);
  if ((differences?.length ?? 0) > 0) console.out(`${delivery}  ${colors.yellow("would differ")}`);
  for (const { trigger, before = "not asked", now = "not asked", objects } of differences ?? []) {
    console.out(
      oneLine(`  ${trigger.namespace}/${trigger.name}: ${before}${before === now ? "" : ` → ${now}`}`),
    );
    for (const { object, change, fields } of objects)
      console.out(oneLine(`    ${change} ${object}${fields.length > 0 ? `: ${fields.join(", ")}` : ""}`));
  }
}
