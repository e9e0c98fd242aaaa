/** The fingerprint of a cause: its code and reason with what differs from one delivery to the next taken out. */

import { hash } from "node:crypto";
import type { Cause } from "./cause.ts";

/** Characters of a fingerprint: 96 bits, so that two causes never meet by chance. */
const LENGTH = 16;

/** @returns 16 characters that can stand in a URL; equal for causes whose {@link normalise}d reasons are equal. */
export function fingerprintOf({ code, reason }: Cause): string {
  return hash("sha256", `${code}\0${normalise(reason)}`, "base64url").slice(0, LENGTH);
}

/**
 * A reason with its particulars replaced: quoted text becomes `"…"`; words that hold a digit (numbers, ids, hashes,
 * generated names, addresses with a port) and long words of hex letters become `#`; the name that follows a kind
 * (`PipelineRun ci/build-abc`, `Secret hook`, `refused Task lint`) becomes `#`. Signs that end a word stay, so that it
 * makes no difference whether a generated name happens to hold a digit.
 *
 * Every pattern is linear in the text: reasons repeat what strangers sent.
 */
export function normalise(reason: string): string {
  return reason
    .replace(quoted, '"…"')
    .replace(word, (found) => {
      // What ends a phrase belongs to no name: else `alpha-9:` would lose the colon that `alpha-x:` keeps.
      const end = endOf(found);
      return particular(found.slice(0, end)) ? `#${found.slice(end)}` : found;
    })
    .replace(named, "$1 #")
    .replace(/\s+/g, " ")
    .trim();
}

// An apostrophe quotes only where a word cannot hold it.
const quoted = /"[^"]*"|`[^`]*`|(?<![\p{L}\p{N}])'[^']*'/gu;

const word = /[\p{L}\p{N}_./:@+-]+/gu;

// What two capitals make a kind (PipelineRun, ConfigMap), those kinds with one that our own messages speak of, and
// whatever the API server is said to have refused.
const named =
  /\b([A-Z][a-z]+(?:[A-Z][a-z]+)+|Secret|Trigger|Interceptor|Service|Job|Pod|refused [A-Z][a-z]+) (?!#)[a-z0-9](?:[./-]*[a-z0-9])*/g;

/** Where a word ends without the signs behind it. */
function endOf(found: string): number {
  let end = found.length;
  while (end > 0 && "./:@+-".includes(found.charAt(end - 1))) end--;
  return end;
}

function particular(found: string): boolean {
  return /\p{N}/u.test(found) || /^[a-f]{7,}$/i.test(found);
}
