/** Answers for gauges: asked when somebody scrapes, remembered for a moment, never longer than a scrape can wait. */

import { within } from "../core/deadline.ts";

const LIMIT_MS = 1_000;

/**
 * Makes the function that asks, once at a time.
 *
 * @param freshMs a second scraper within this time gets the same answer.
 * @returns resolves with undefined when there is no answer within a second: old numbers would look like news.
 */
export function remembered<T>(ask: () => Promise<T>, freshMs: number): () => Promise<T | undefined> {
  let known: { readonly answer: T | undefined; readonly at: number } | undefined;
  let asking: Promise<T | undefined> | undefined;
  return async () => {
    if (known !== undefined && performance.now() - known.at < freshMs) return known.answer;
    asking ??= (async () => ask())()
      .catch(() => undefined)
      .then((answer) => {
        known = { answer, at: performance.now() };
        asking = undefined;
        return answer;
      });
    return within(asking, LIMIT_MS, () => undefined);
  };
}
