/** The words in which deliveries are searched: one table for the API, the command line and their documents. */

import type { DeliveryFilter } from "../core/ledger.ts";
import { OUTCOMES } from "../core/ledger.ts";
import type { Field, Read } from "./fields.ts";
import { objectName, oneOf, time, whole, words } from "./fields.ts";

/** All conditions must hold; texts are compared whole, except `text` and `revision`. */
export const FILTERS = {
  outcome: oneOf(OUTCOMES.join(", "), OUTCOMES),
  namespace: words("the listener's namespace"),
  listener: objectName("the EventListener"),
  provider: words("github, gitlab, …"),
  event: words("the whole event, with its action where it has one: pull_request.opened"),
  repository: words("owner/name"),
  trigger: objectName("a trigger that matched or failed"),
  notFired: objectName("a trigger that was asked and did not fire; each line says why"),
  ref: words("the whole ref, as the provider wrote it: refs/heads/main"),
  revision: words("a commit, or the beginning of one", 7),
  pullRequest: whole("number of the pull or merge request", 1, Number.MAX_SAFE_INTEGER),
  actor: words("who did it at the provider"),
  providerId: words("the provider's own id of the delivery"),
  object: objectName("an object that was created"),
  replayOf: words("the delivery that was replayed"),
  text: words("words anywhere in the summary"),
  since: time("received at this time or later: 2026-01-31, 2026-01-31T12:00:00Z, 24h (ago), milliseconds"),
  until: time("received before this time; written as since"),
} as const satisfies { readonly [K in keyof DeliveryFilter]-?: Field<NonNullable<DeliveryFilter[K]>> };

/** Where a list goes on, and how much of it is wanted. */
export const PAGE = {
  limit: whole("how many at most", 1, 200),
  cursor: words("`next` of the page before"),
} as const;

export const DEFAULT_LIMIT = 50;

/** Takes a page's fields from those of the filter. */
export function splitPage<F extends Read<typeof PAGE>>({ limit = DEFAULT_LIMIT, cursor, ...filter }: F) {
  return { filter, page: cursor === undefined ? { limit } : { limit, cursor } };
}
