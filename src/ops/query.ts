/** What callers of the API write, checked: query parameters and bodies, unknown names refused. */

import type { SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { isJsonObject } from "../core/json.ts";
import type { DeliveryFilter, Outcome } from "../core/ledger.ts";
import { OUTCOMES } from "../core/ledger.ts";

export interface DeliveryQuery {
  readonly filter: DeliveryFilter;
  readonly page: { readonly limit: number; readonly cursor?: string };
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_TEXT = 500;

const invalid = (field: string, reason: string, expected: string): SluiceError =>
  fault("SLUICE_REQUEST_INVALID", { field: field.slice(0, 64), reason, expected });

type Reader = (text: string, field: string) => unknown;

const words: Reader = (text, field) => {
  if (text === "" || text.length > MAX_TEXT)
    throw invalid(field, `is ${text.length} characters long`, `1 to ${MAX_TEXT} characters`);
  return text;
};

const outcome: Reader = (text, field): Outcome => {
  const found = OUTCOMES.find((known) => known === text);
  if (found === undefined) throw invalid(field, "is no outcome", OUTCOMES.join(", "));
  return found;
};

const time: Reader = (text, field) => {
  const at = /^\d{1,15}$/.test(text) ? Number(text) : isoTime.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw invalid(field, "is no time", "milliseconds since 1970, or 2026-01-31 or 2026-01-31T12:00:00Z");
  return at;
};

const isoTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

const limit: Reader = (text, field) => {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MAX_LIMIT)
    throw invalid(field, "is no page size", `a whole number from 1 to ${MAX_LIMIT}`);
  return count;
};

const FILTER = {
  outcome,
  namespace: words,
  listener: words,
  provider: words,
  event: words,
  repository: words,
  since: time,
  until: time,
} satisfies Record<keyof DeliveryFilter, Reader>;

const LISTING: Readonly<Record<string, Reader>> = { ...FILTER, limit, cursor: words };

/**
 * Reads the query of a listing.
 *
 * @param query as the HTTP server parsed it: a name given twice has a list of values.
 * @throws SluiceError SLUICE_REQUEST_INVALID.
 */
export function deliveryQuery(query: unknown): DeliveryQuery {
  const read = new Map<string, unknown>();
  for (const [name, text] of Object.entries(query as Record<string, unknown>)) {
    const reader = Object.hasOwn(LISTING, name) ? LISTING[name] : undefined;
    if (reader === undefined) throw invalid(name, "is no filter", Object.keys(LISTING).join(", "));
    if (typeof text !== "string") throw invalid(name, "is given twice", "it once");
    read.set(name, reader(text, name));
  }
  const filter = Object.fromEntries([...read].filter(([name]) => Object.hasOwn(FILTER, name)));
  const cursor = read.get("cursor") as string | undefined;
  const size = (read.get("limit") as number | undefined) ?? DEFAULT_LIMIT;
  return { filter, page: cursor === undefined ? { limit: size } : { limit: size, cursor } };
}

/** Why a replay was asked for, and by whom: kept with it. */
export interface ReplayNote {
  readonly reason?: string;
  readonly actor?: string;
}

/** Reads the body of a replay; an absent one is an empty note. @throws SluiceError SLUICE_REQUEST_INVALID. */
export function replayNote(body: unknown): ReplayNote {
  if (body === undefined || body === null) return {};
  if (!isJsonObject(body)) throw invalid("body", "is no object", '{"reason": "…", "actor": "…"}');
  for (const [name, value] of Object.entries(body as JsonObject)) {
    if (name !== "reason" && name !== "actor")
      throw invalid(name, "is no field of a replay", "reason, actor");
    if (typeof value !== "string") throw invalid(name, "is no text", `1 to ${MAX_TEXT} characters`);
    words(value, name);
  }
  return body as ReplayNote;
}

/** Reads an id in a path. @throws SluiceError SLUICE_DELIVERY_UNKNOWN for what can be no id. */
export function deliveryId(params: unknown): string {
  const { id } = params as { readonly id: string };
  if (!/^[0-9A-Za-z-]{1,64}$/.test(id)) throw fault("SLUICE_DELIVERY_UNKNOWN", { id: id.slice(0, 64) });
  return id;
}
