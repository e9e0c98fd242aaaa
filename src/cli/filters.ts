/** The options that select deliveries: the API's own words and readers, so that both take and mean the same. */

import type { Field } from "../admin/fields.ts";
import { FILTERS } from "../admin/filter.ts";
import { asFault } from "../core/errors.ts";
import type { DeliveryFilter } from "../core/ledger.ts";
import { misused, type Options, textOption, type VerbOption } from "./verb.ts";

const PLACEHOLDERS: Partial<Record<keyof DeliveryFilter, string>> = {
  outcome: "outcome",
  revision: "sha",
  pullRequest: "number",
  replayOf: "id",
  providerId: "id",
  text: "words",
  since: "time",
  until: "time",
};

const NAMES = Object.keys(FILTERS) as readonly (keyof DeliveryFilter)[];
const dashed = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** One option for each filter, but those that are left out. */
export function filterOptions(...without: readonly (keyof DeliveryFilter)[]): readonly VerbOption[] {
  return NAMES.filter((key) => !without.includes(key)).map((key) => ({
    flags: `--${dashed(key)} <${PLACEHOLDERS[key] ?? "name"}>`,
    description: FILTERS[key].description,
  }));
}

/**
 * The filter that the options say; empty when they say none.
 *
 * @throws SluiceError SLUICE_ARGUMENT_INVALID.
 */
export function filterOf(options: Options): DeliveryFilter {
  const read = NAMES.flatMap((key) => {
    const text = textOption(options, key);
    const field: Field<unknown> = FILTERS[key];
    return text === undefined ? [] : [[key, readOption(dashed(key), field, text)] as const];
  });
  return Object.fromEntries(read);
}

/** An option by the reader of the API's field. @throws SluiceError SLUICE_ARGUMENT_INVALID. */
export function readOption<T>(name: string, field: Field<T>, text: string): T {
  try {
    return field.read(text, name);
  } catch (error) {
    const { expected = "" } = asFault(error).values;
    throw misused(`--${name}`, `expected ${expected}; got ${text.slice(0, 80)}`);
  }
}

/** A filter and whatever else as a query. */
export function queryOf(given: object): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(given)) if (value !== undefined) query.set(key, String(value));
  return query.size === 0 ? "" : `?${query}`;
}
