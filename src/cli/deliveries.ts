/** `sluice deliveries list|show`: what came, what was decided, what became of it. */

import { fault } from "../core/errors.ts";
import type { DeliveryFilter, DeliveryRecord, DeliverySummary, Outcome } from "../core/ledger.ts";
import { OUTCOMES } from "../core/ledger.ts";
import { type LedgerAccess, openLedger } from "./access.ts";
import { ago, type Console, oneLine } from "./console.ts";
import { settingOptions } from "./settings.ts";
import { printDecision } from "./trace.ts";
import { EXIT, type Exit, GATEWAY, JSON_OUTPUT, type Options, textOption, type Verb } from "./verb.ts";

const DEFAULT_LIMIT = "20";

export const deliveries: Verb = {
  name: "deliveries",
  usage: "[list|show] [id]",
  summary: "list deliveries, newest first, or show one with every decision",
  help: `
  sluice deliveries list --outcome dead
  sluice deliveries list --repository octo-org/hello --since 2026-01-31 -o json
  sluice deliveries show 019ab…        # why did this not fire?

Outcomes: ${OUTCOMES.join(", ")}. While a gateway has the embedded store open, it is asked over its admin port.`,
  options: [
    { flags: "--outcome <outcome>", description: OUTCOMES.join(", ") },
    { flags: "--listener <name>", description: "the EventListener: name or namespace/name" },
    { flags: "--provider <name>", description: "github, gitlab, …" },
    { flags: "--event <name>", description: "pull_request.opened" },
    { flags: "--repository <name>", description: "owner/name" },
    { flags: "--since <time>", description: "2026-01-31, 2026-01-31T12:00:00Z or milliseconds since 1970" },
    { flags: "--until <time>", description: "as --since; not included" },
    { flags: "--limit <count>", description: "how many at most", default: DEFAULT_LIMIT },
    { flags: "--cursor <text>", description: "goes on where the last list ended" },
    ...settingOptions("store"),
    GATEWAY,
    JSON_OUTPUT,
  ],
  async run({ console, environment }, [what = "list", id], options) {
    if (what !== "list" && what !== "show") {
      throw fault("SLUICE_CONFIG_INVALID", {
        key: "deliveries",
        reason: `"${what}" is neither list nor show`,
      });
    }
    if (what === "show" && id === undefined) {
      throw fault("SLUICE_CONFIG_INVALID", {
        key: "id",
        reason: "`deliveries show` wants the id of a delivery",
      });
    }
    const page = pageOf(options);
    const filter = filterOf(options);
    await using ledger = await openLedger(options, environment);
    return id === undefined || what === "list"
      ? list(console, ledger, filter, page, options)
      : show(console, ledger, id, options);
  },
};

async function list(
  console: Console,
  ledger: LedgerAccess,
  filter: DeliveryFilter,
  page: { limit: number; cursor?: string },
  options: Options,
): Promise<Exit> {
  const found = await ledger.list(filter, page);
  if (options["output"] === "json") console.json(found);
  else if (found.items.length === 0) console.note("no delivery matches");
  else {
    const now = Date.now();
    console.table(
      ["ID", "AGE", "OUTCOME", "LISTENER", "EVENT", "REPOSITORY", "WHY"],
      found.items.map((item) => summaryRow(item, now)),
    );
    if (found.next !== undefined) console.note(`more: --cursor ${found.next}`);
  }
  return EXIT.ok;
}

function summaryRow(item: DeliverySummary, now: number): string[] {
  const { id, receivedAt, outcome, listener, provider, event, repository = "", reason } = item;
  const why = reason.length > 80 ? `${reason.slice(0, 79)}…` : reason;
  const where = `${listener.namespace}/${listener.name}`;
  return [id, ago(receivedAt, now), outcome, where, `${provider} ${event}`, repository, why];
}

async function show(console: Console, ledger: LedgerAccess, id: string, options: Options): Promise<Exit> {
  const record = await ledger.find(id);
  if (record === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
  if (options["output"] === "json") console.json(record);
  else printRecord(console, record);
  return EXIT.ok;
}

/** Prints a delivery: where it came from, each decision with its steps, each job with its attempts. */
export function printRecord(console: Console, record: DeliveryRecord): void {
  const { colors } = console;
  const paint = {
    created: colors.green,
    filtered: colors.yellow,
    duplicate: colors.dim,
    dead: colors.red,
    pending: colors.cyan,
  };
  console.out(`${colors.bold(`delivery ${record.id}`)}  ${paint[record.outcome](record.outcome)}`);
  const subject = [
    record.repository,
    record.ref,
    record.revision?.slice(0, 12),
    record.actor && `by ${record.actor}`,
  ];
  const lines: Record<string, string | undefined> = {
    received: `${new Date(record.receivedAt).toISOString()} at ${record.listener.namespace}/${record.listener.name}`,
    event: `${record.provider} ${record.event}${record.providerId === undefined ? "" : ` (${record.providerId})`}`,
    subject: subject.filter(Boolean).join(" ") || undefined,
    proof: record.proof,
    size: `${record.size} bytes`,
    "replay of": record.replayOf,
    "duplicate of": record.duplicateOf,
    result: record.reason,
  };
  for (const [name, value] of Object.entries(lines)) {
    if (value !== undefined) console.out(`  ${colors.dim(name.padEnd(12))} ${oneLine(value)}`);
  }
  if (!record.decided) console.out("  not decided yet: a worker will");
  for (const decision of record.decisions) printDecision(console, decision);
  for (const { job, state, attempts, runs } of record.jobs) {
    console.out(
      `${colors.bold(oneLine(`job of trigger ${job.trigger.namespace}/${job.trigger.name}`))}  ${state}`,
    );
    for (const { number, at, outcome, reason = "", code } of attempts) {
      const why = `${oneLine(reason)}${code === undefined ? "" : colors.dim(` [${code}]`)}`;
      console.out(
        `  ${colors.dim("attempt")} ${number} ${new Date(at).toISOString()} ${outcome} ${why}`.trimEnd(),
      );
    }
    for (const { outcome, kind, namespace, name, where } of runs)
      console.out(oneLine(`  ${outcome} ${kind} ${namespace}/${name} in ${where}`));
  }
}

function pageOf(options: Options): { limit: number; cursor?: string } {
  const limit = Number(textOption(options, "limit") ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) {
    throw fault("SLUICE_CONFIG_INVALID", { key: "limit", reason: "expected a whole number from 1 to 200" });
  }
  const cursor = textOption(options, "cursor");
  return cursor === undefined ? { limit } : { limit, cursor };
}

function filterOf(options: Options): DeliveryFilter {
  const outcome = textOption(options, "outcome");
  if (outcome !== undefined && !(OUTCOMES as readonly string[]).includes(outcome)) {
    throw fault("SLUICE_CONFIG_INVALID", {
      key: "outcome",
      reason: `"${outcome}" is none of ${OUTCOMES.join(", ")}`,
    });
  }
  const texts = ["provider", "event", "repository"].map((key) => [key, textOption(options, key)]);
  const [listener, namespace] = (textOption(options, "listener") ?? "").split("/", 2).reverse();
  const times = ["since", "until"].map((key) => [key, timeOption(options, key)]);
  const named = [
    ["outcome", outcome as Outcome | undefined],
    ["listener", listener || undefined],
    ["namespace", namespace],
  ];
  const given = [...named, ...texts, ...times].filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as DeliveryFilter;
}

function timeOption(options: Options, key: string): number | undefined {
  const text = textOption(options, key);
  if (text === undefined) return undefined;
  const at = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(at)) return at;
  throw fault("SLUICE_CONFIG_INVALID", {
    key,
    reason: `"${text}" is no time; write 2026-01-31 or 2026-01-31T12:00:00Z`,
  });
}
