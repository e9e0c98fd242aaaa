/** What a list or watch that failed means for people: who may not, what is not there, or what the server said. */

import type { ErrorCode, SluiceError } from "../core/errors.ts";
import { fault, reasonOf } from "../core/errors.ts";
import type { ApiResponse } from "./api.ts";
import type { Trouble } from "./patience.ts";
import { readStatus, retryAfter, userIn } from "./status.ts";

/** @param path of the collection. @param account whose rights counted, where the answer does not say it. */
export function refusal(path: string, response: ApiResponse, account: string): Trouble {
  const status = readStatus(response);
  const { resource, where } = described(path);
  const values = {
    resource,
    where,
    account: userIn(status) ?? account,
    status: String(response.status),
    reason: status.message,
  };
  return { error: fault(codeOf(response.status), values), after: retryAfter(response, status, Date.now()) };
}

/** No version of a kind is served, as far as discovery says. */
export function notServed(resource: string): SluiceError {
  const values = {
    resource,
    where: "in any version that is known here",
    reason: "discovery does not list it",
  };
  return fault("SLUICE_WATCH_ABSENT", values);
}

/** What a collection brought was no list and no event. */
export function unreadable(path: string, reason: unknown): SluiceError {
  return fault("SLUICE_WATCH_BROKEN", { ...described(path), reason: reasonOf(reason) });
}

/** The server gave a watch up with a Status. */
export function givenUp(status: number, reason: string): SluiceError {
  return fault("SLUICE_CREATE_BUSY", { status: String(status), reason });
}

/** An answer that says nothing of what was asked: who we are is not known there, or the server has other trouble. */
export function noAnswer(response: ApiResponse): SluiceError {
  const { status } = response;
  const code = status === 401 ? "SLUICE_CREATE_CREDENTIALS" : "SLUICE_CREATE_BUSY";
  return fault(code, { status: String(status), reason: readStatus(response).message });
}

/** Whether the server is only short of breath: what we know of its versions is still good. */
export function isBusy(status: number): boolean {
  return status === 429 || status === 500 || status === 502 || status === 503;
}

function codeOf(status: number): ErrorCode {
  if (status === 401) return "SLUICE_CREATE_CREDENTIALS";
  if (status === 403) return "SLUICE_WATCH_FORBIDDEN";
  if (status === 404) return "SLUICE_WATCH_ABSENT";
  return status === 200 ? "SLUICE_WATCH_BROKEN" : "SLUICE_CREATE_BUSY";
}

/** `/apis/tekton.dev/v1/namespaces/ci/pipelineruns` → pipelineruns.tekton.dev in namespace ci. */
function described(path: string): { readonly resource: string; readonly where: string } {
  const parts = path.split("/").slice(1);
  const [group, rest] = parts[0] === "apis" ? [`.${parts[1]}`, parts.slice(3)] : ["", parts.slice(2)];
  const namespaced = rest[0] === "namespaces" && rest.length > 2;
  const plural = (namespaced ? rest[2] : rest[0]) ?? "";
  return {
    resource: `${plural}${group}`,
    where: namespaced ? `in namespace ${rest[1]}` : "in all namespaces",
  };
}
