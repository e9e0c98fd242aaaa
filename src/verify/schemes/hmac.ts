/** A MAC as the operator describes it: in which header, of what, by which algorithm. */

import type { RequestHead } from "../../core/delivery.ts";
import { header } from "../../core/headers.ts";
import { isFresh, timeFault } from "../freshness.ts";
import { type Algorithm, digestOf } from "../hmac.ts";
import type { MacClaim, Scheme } from "../scheme.ts";

export interface HmacOptions {
  readonly header: string;
  /** Stands before the digest: `sha256=`. */
  readonly prefix: string;
  readonly encoding: "hex" | "base64";
  readonly algorithm: Algorithm;
  /** What is signed: `{body}` once, `{timestamp}`, and `{X-Name}` for the value of a header. */
  readonly template: string;
  readonly timestampHeader: string;
  /** Seconds that the timestamp may be off. */
  readonly tolerance: number;
  /** The header with the id of the message; the template covers it. */
  readonly idHeader: string;
}

/** The options as parameters of a demand. */
export function hmacParameters(options: HmacOptions): readonly string[] {
  const { header: name, prefix, encoding, algorithm, template } = options;
  const { timestampHeader, tolerance, idHeader } = options;
  return [name, prefix, encoding, algorithm, template, timestampHeader, String(tolerance), idHeader];
}

/** @param parameters as {@link hmacParameters} writes them. */
export function hmac(parameters: readonly string[]): Scheme {
  const [name = "", prefix = "", encoding, algorithm, template = "{body}"] = parameters;
  const [timestampHeader = "", tolerance = "0", idHeader = ""] = parameters.slice(5);
  const known = algorithm as Algorithm;
  const [before = [], after = []] = splitTemplate(template) ?? [];
  const toleranceMs = Number(tolerance) * 1_000;

  return {
    provider: "the sender",
    places: [`header ${name}`],
    claims({ headers }, at) {
      const given = header(headers, name);
      if (!given) return undefined;
      if (!given.startsWith(prefix)) return [];
      const text = given.slice(prefix.length);
      const digest = digestOf(known, text, encoding === "base64" ? "base64" : "hex");
      if (digest === undefined) return [];
      const time = timestampHeader === "" ? undefined : (header(headers, timestampHeader) ?? "");
      if (time !== undefined && !isFresh(time, at, toleranceMs)) return [];
      const [start, end] = [before, after].map((parts) => filled(parts, headers, time));
      if (start === undefined || end === undefined) return [];
      const signedId = idHeader === "" ? undefined : header(headers, idHeader);
      const claim: MacClaim = {
        kind: "mac",
        algorithm: known,
        before: start,
        after: end,
        digests: [digest],
        key: (secret) => secret,
        ...(signedId && { signedId }),
      };
      return [claim];
    },
    timeFault({ headers }, at) {
      if (timestampHeader === "" || !header(headers, name)) return undefined;
      return timeFault(headers, at, { header: timestampHeader, toleranceMs });
    },
  };
}

/** A text of the template, or the name of what stands there. */
type Part = { readonly text: string } | { readonly name: string };

/**
 * The parts before and behind `{body}`.
 *
 * @returns undefined where `{body}` does not stand in it exactly once, or two variables touch: then bytes could move from
 *   one to the other without another MAC.
 */
export function splitTemplate(template: string): readonly [readonly Part[], readonly Part[]] | undefined {
  const parts = template
    .split(/(\{[A-Za-z0-9-]+\})/)
    .filter((text) => text !== "")
    .map((text): Part => {
      return /^\{[A-Za-z0-9-]+\}$/.test(text) ? { name: text.slice(1, -1) } : { text };
    });
  const bodies = parts.flatMap((part, at) => ("name" in part && part.name === "body" ? [at] : []));
  const touching = parts.some((part, at) => {
    const next = parts[at + 1];
    return next !== undefined && "name" in part && "name" in next;
  });
  const [at] = bodies;
  if (at === undefined || bodies.length > 1 || touching) return undefined;
  return [parts.slice(0, at), parts.slice(at + 1)];
}

/** The names of headers that a template takes values from. */
export function templateHeaders(template: string): readonly string[] {
  return (splitTemplate(template) ?? [])
    .flat()
    .flatMap((part) =>
      "name" in part && part.name !== "body" && part.name !== "timestamp" ? [part.name] : [],
    );
}

/** @returns undefined where a header is missing, or its value holds the text that ends it. */
function filled(
  parts: readonly Part[],
  headers: RequestHead["headers"],
  time: string | undefined,
): string | undefined {
  let text = "";
  for (const [at, part] of parts.entries()) {
    if ("text" in part) {
      text += part.text;
      continue;
    }
    const value = part.name === "timestamp" ? time : header(headers, part.name);
    const end = parts[at + 1];
    if (value === undefined || (end !== undefined && "text" in end && value.includes(end.text)))
      return undefined;
    text += value;
  }
  return text;
}
