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
 * (`PipelineRun ci/build-abc`, `Secret hook`) becomes `#`.
 *
 * Every pattern is linear in the text: reasons repeat what strangers sent.
 */
export function normalise(reason: string): string {
  return reason
    .replace(quoted, '"…"')
    .replace(word, (found) => (particular(found) ? "#" : found))
    .replace(named, "$1 #")
    .replace(/\s+/g, " ")
    .trim();
}

// An apostrophe quotes only where a word cannot hold it.
const quoted = /"[^"]*"|`[^`]*`|(?<![\p{L}\p{N}])'[^']*'/gu;

const word = /[\p{L}\p{N}_./:@+-]+/gu;

// What two capitals make a kind (PipelineRun, ConfigMap), and those kinds with one that our own messages speak of.
const named =
  /\b([A-Z][a-z]+(?:[A-Z][a-z]+)+|Secret|Trigger|Interceptor|Service|Job|Pod) (?!#)[a-z0-9][a-z0-9./-]*/g;

function particular(found: string): boolean {
  return /\p{N}/u.test(found) || /^[a-f]{7,}$/i.test(found);
}
