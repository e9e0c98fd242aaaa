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
  const status = readStatus(response);
  const reason = `${response.status}: ${status.message}`;
  if (response.status !== 403) return fault("SLUICE_ANNOUNCE_FAILED", { what, reason });
  // As in dispatch/create/failure.ts: authorization names the resource, admission need not.
  return fault(status.kind === "" ? "SLUICE_ANNOUNCE_POLICY" : "SLUICE_ANNOUNCE_FORBIDDEN", { what, reason });
}

/** Whether nothing can be made because the namespace is being deleted: a matter of moments, and of no right. */
export function isEnding(response: ApiResponse): boolean {
  return response.status === 403 && readStatus(response).causes.includes("NamespaceTerminating");
}

/** metav1.MicroTime of now: six digits of a second, UTC. */
export function microTime(now = Date.now()): string {
  return new Date(now).toISOString().replace("Z", "000Z");
}
