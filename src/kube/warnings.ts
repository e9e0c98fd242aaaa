/** What the API server remarks when it takes a request: fields that it dropped, versions that will go. */

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
  return warnings.map(([, quoted = ""]) => printable(quoted.replace(/\\(.)/g, "$1"), MAX_LENGTH));
}
