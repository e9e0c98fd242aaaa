/** Writing objects of the API server: patches, and what a refusal of one means. */

import { fault, type SluiceError } from "../core/errors.ts";
import type { ApiRequest, ApiResponse } from "./api.ts";
import { readStatus } from "./status.ts";

/** A merge patch (RFC 7386): lists are replaced as wholes, null removes. */
export function mergePatch(path: string, body: object): ApiRequest {
  const contentType = "application/merge-patch+json";
  return { method: "PATCH", path, contentType, body: JSON.stringify(body) };
}

/** @param what was to be done: `patch Service ci/el-github`. */
export function refusedWrite(response: ApiResponse, what: string): SluiceError {
  const reason = `${response.status}: ${readStatus(response).message}`;
  const code = response.status === 403 ? "SLUICE_ANNOUNCE_FORBIDDEN" : "SLUICE_ANNOUNCE_FAILED";
  return fault(code, { what, reason });
}

/** metav1.MicroTime of now: six digits of a second, UTC. */
export function microTime(now = Date.now()): string {
  return new Date(now).toISOString().replace("Z", "000Z");
}
