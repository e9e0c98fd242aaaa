/** The text of an export: a line of JSON for its head, for each thing that a ledger keeps, and for its end. */

import { z } from "zod";
import { BACKUP_FORMAT, BACKUP_TYPES, type BackupItem } from "../../core/backup.ts";
import { fault, type SluiceError } from "../../core/errors.ts";
import { OUTCOMES } from "../../core/ledger.ts";
import { RUN_PHASES } from "../../core/progress.ts";
import { VERSION } from "../../core/version.ts";

export type Counts = Readonly<Record<BackupItem["type"], number>>;
export const NOTHING: Counts = { delivery: 0, claim: 0, act: 0, batch: 0 };

export interface ExportHead {
  readonly format: number;
  /** The version of Sluice that wrote it, and when that began. */
  readonly by: string;
  readonly at: number;
}

/** Only a whole export has it. */
export interface ExportEnd {
  readonly type: "end";
  readonly counts: Counts;
}

const NAME = "sluice ledger export";

export const headLine = (at: number): string =>
  JSON.stringify({ type: NAME, format: BACKUP_FORMAT, by: VERSION, at });

export const endLine = (counts: Counts): string => JSON.stringify({ type: "end", counts });

export function invalidLine(line: number, reason: string): SluiceError {
  return fault("SLUICE_EXPORT_INVALID", { line: String(line), reason });
}

/** @throws SluiceError SLUICE_EXPORT_INVALID, SLUICE_EXPORT_VERSION. */
export function readHead(text: string): ExportHead {
  const found = headSchema.safeParse(jsonOf(text, 1));
  if (!found.success) throw invalidLine(1, "it is not the first line of an export of a ledger");
  const { format, by, at } = found.data;
  if (format !== BACKUP_FORMAT) {
    const values = { found: String(format), known: String(BACKUP_FORMAT), by };
    throw fault("SLUICE_EXPORT_VERSION", values);
  }
  return { format, by, at };
}

/** @throws SluiceError SLUICE_EXPORT_INVALID. */
export function readLine(text: string, line: number): BackupItem | ExportEnd {
  const json = jsonOf(text, line);
  const found = lineSchema.safeParse(json);
  if (found.success) return found.data as BackupItem | ExportEnd;
  const [issue] = found.error.issues;
  throw invalidLine(line, `${issue?.path.join(".") || "it"}: ${issue?.message ?? "is wrong"}`);
}

function jsonOf(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidLine(line, "it is no JSON");
  }
}

// Stores keep lines and columns: a control character would end one, and Postgres takes no NUL.
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the purpose
const plain = z.string().regex(/^[^\u0000-\u001f]*$/, "holds a control character");
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const text = z.string().regex(/^[^\u0000]*$/, "holds a NUL");
const id = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "is no id of a delivery");
const job = z.string().regex(/^[\w.-]{1,256}$/, "is no id of a job");
const bytes = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/, "is no base64");
const whole = z.int().nonnegative();
const outcome = z.enum(OUTCOMES);
const name = z.object({ namespace: plain, name: plain });
const note = z.object({ actor: plain.optional(), reason: plain.optional() });

/** JSON within a line, which other parts of Sluice read again. */
const json = (schema: z.ZodType) =>
  plain.refine((value) => {
    try {
      return schema.safeParse(JSON.parse(value)).success;
    } catch {
      return false;
    }
  }, "holds JSON of another shape");

const attempt = json(z.object({ number: whole, at: z.number(), outcome: plain }));
const run = json(z.object({ kind: plain, namespace: plain, name: plain, where: plain }));
const progress = json(z.object({ phase: z.enum(RUN_PHASES), createdAt: z.number() }));

const facts = z.object({
  ...{ id, listener: name, receivedAt: whole, provider: plain, event: plain, proof: plain, size: whole },
  ...{ providerId: plain.optional(), repository: plain.optional(), ref: plain.optional() },
  ...{ revision: plain.optional(), pullRequest: z.int().optional(), actor: plain.optional() },
  ...{ replayOf: id.optional(), note: note.optional() },
});

const headSchema = z.object({ type: z.literal(NAME), format: z.int(), by: plain, at: whole });

const lineSchema = z.discriminatedUnion("type", [
  z.object({
    ...{ type: z.literal("delivery"), facts, outcome, duplicateOf: id.optional() },
    ...{ head: bytes, body: bytes.optional(), decisions: bytes.optional() },
    ...{ said: plain, tried: plain, failed: whole, failure: text, death: text },
    dropped: json(note.extend({ at: z.number(), by: z.string().optional() })).optional(),
    jobs: z.array(z.object({ id: job, state: z.enum(["pending", "created", "dead"]) })),
    attempts: z.array(z.object({ job, number: whole, text: attempt })),
    runs: z.array(
      z.object({
        ...{ job, name: plain, text: run },
        ...{ phase: z.enum(RUN_PHASES).optional(), progress: progress.optional() },
      }),
    ),
    reopened: z.array(z.object({ job, at: whole, attempts: whole })),
  }),
  z.object({
    type: z.literal("claim"),
    key: z.string().regex(/^[\w-]{43}$/, "is no hash of a dedupe key"),
    ...{ delivery: id, at: whole, outcome: outcome.optional() },
  }),
  z.object({
    type: z.literal("act"),
    act: note.extend({
      at: whole,
      verb: plain,
      subject: plain,
      by: plain.optional(),
      batch: plain.optional(),
    }),
  }),
  z.object({ type: z.literal("batch"), batch: z.object({ id, at: whole, text }) }),
  z.object({ type: z.literal("end"), counts: z.record(z.enum(BACKUP_TYPES), whole) }),
]);
