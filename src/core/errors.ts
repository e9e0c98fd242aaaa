/** Faults for people: an error of the table with its values filled in, and how to get from anything thrown to one. */

import type { ErrorCode, Retry } from "./error-table.ts";
import { ERRORS, type Row } from "./error-table.ts";

export type { ErrorCode, Retry };

/** Where in a file a fault stands; line and column count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Whose declaration a fault is in, as people name them: `namespace/name`. */
export interface Owner {
  readonly listener: string;
  readonly trigger: string;
}

/** A fault from the table. `message` is for people; `code` is what programs and searches use. */
export class SluiceError extends Error {
  override readonly name = "SluiceError";
  readonly code: ErrorCode;
  readonly status: number;
  readonly retry: Retry;
  readonly fix: string;
  readonly values: Readonly<Record<string, string>>;
  readonly at: SourcePosition | undefined;
  readonly about: Owner | undefined;

  constructor(
    code: ErrorCode,
    values: Record<string, string>,
    options: { at?: SourcePosition; cause?: unknown; about?: Owner } = {},
  ) {
    super(fill(ERRORS[code].message, values), options.cause === undefined ? {} : { cause: options.cause });
    const { status, retry, fix } = ERRORS[code];
    this.code = code;
    this.status = status;
    this.retry = retry;
    this.fix = ownCure(values) ?? fill(fix, values);
    this.values = values;
    this.at = options.at;
    this.about = options.about;
  }
}

/**
 * Makes a fault of the table.
 *
 * @param code its row.
 * @param values what the row's `{placeholders}` stand for. One named `cure` takes the place of the row's fix: what helps
 *   against this very cause; `toldMessage` and `toldCure` take the place of what the sender reads.
 */
export function fault(
  code: ErrorCode,
  values: Record<string, string> = {},
  options: { at?: SourcePosition; cause?: unknown } = {},
): SluiceError {
  return new SluiceError(code, values, options);
}

/** The same fault, with whose it is. */
export function ownedBy(about: Owner, { code, values, at, cause }: SluiceError): SluiceError {
  return new SluiceError(code, values, { cause, about, ...(at && { at }) });
}

/** Any thrown thing as a SluiceError: unknown ones become SLUICE_INTERNAL and keep their cause. */
export function asFault(thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  return fault("SLUICE_INTERNAL", { reason: reasonOf(thrown) }, { cause: thrown });
}

/** The text of anything thrown. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === "")
    return thrown.errors.map(reasonOf).join("; ");
  if (thrown instanceof Error) return thrown.message === "" ? thrown.name : thrown.message;
  return String(thrown);
}

/** Message and cure as a sender may read them: whoever he is, he learns nothing of what is declared here. */
export function forSender({ code, message, fix, values }: SluiceError): Required<Row>["told"] {
  const { told }: Row = ERRORS[code];
  if (told === undefined) return { message, fix };
  const given = (key: string): string | undefined => (Object.hasOwn(values, key) ? values[key] : undefined);
  return {
    message: given("toldMessage") ?? fill(told.message, values),
    fix: given("toldCure") ?? fill(told.fix, values),
  };
}

/** What went wrong, with the cure where its cause is known: one line for lists and logs. */
export function withCure({ message, values }: SluiceError): string {
  const cure = ownCure(values);
  return cure === undefined ? message : `${message}. ${cure}`;
}

function ownCure(values: Readonly<Record<string, string>>): string | undefined {
  return Object.hasOwn(values, "cure") ? values["cure"] : undefined;
}

function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (all, key: string) =>
    Object.hasOwn(values, key) ? (values[key] as string) : all,
  );
}
