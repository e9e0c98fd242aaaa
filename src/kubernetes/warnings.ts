/** What the API server remarks when it takes a request: fields that it dropped, versions that will go. */

import { quoted } from "../core/quoted.ts";
import type { ApiResponse } from "./api.ts";
import { printable } from "./status.ts";

/** Kept of one answer, and of one remark; a server sends at most 4 KiB (k8s.io/apiserver/pkg/endpoints/filters/warning.go). */
const MAX_WARNINGS = 10;
const MAX_LENGTH = 500;

/** `299 - "unknown field \"spec.x\""`, once or, joined by commas, several times (RFC 7234 §5.5). */
const WARNING = /\d{3} \S+ "((?:[^"\\]|\\.)*)"/g;

/** The remarks of an answer, for people; empty for most. */
export function readWarnings({ headers }: Pick<ApiResponse, "headers">): readonly string[] {
  // node:http joins headers that come several times.
  const text = headers["warning"];
  if (text === undefined) return [];
  const warnings = [...String(text).matchAll(WARNING)].slice(0, MAX_WARNINGS);
  return warnings.map(([, written = ""]) => told(printable(written.replace(/\\(.)/g, "$1"), MAX_LENGTH)));
}

/** Remarks of the API server itself name fields and versions; those of webhooks may repeat what an object holds. */
function told(warning: string): string {
  return HARMLESS.test(warning) ? warning : quoted(warning);
}

const HARMLESS =
  /^((unknown|duplicate) field "[\w.[\]-]{1,200}"|[\w./-]{1,200} [A-Z]\w{0,62} is deprecated( in [\w.+]{1,20})?(, unavailable in [\w.+]{1,20})?(; use [\w./-]{1,200}( [A-Z]\w{0,62})?)?)$/;
