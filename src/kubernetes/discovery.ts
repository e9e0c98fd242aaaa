/** Discovery: which resource a kind is, asked once per API version and remembered. */

import type { V1APIResource } from "@kubernetes/client-node";
import type { JsonValue } from "../core/json.ts";
import { isJsonObject, tryParseJson } from "../core/json.ts";
import type { Api, ApiResponse } from "./api.ts";

/** What is needed of a kind to write a path. */
export type Resource = Pick<V1APIResource, "name" | "namespaced">;

export type Found =
  | { readonly outcome: "found"; readonly resource: Resource }
  | { readonly outcome: "missing" }
  /** The server did not say; this is its answer. */
  | { readonly outcome: "refused"; readonly response: ApiResponse };

export interface Discovery {
  /** @throws SluiceError as {@link Api.send} does. */
  find(apiVersion: string, kind: string): Promise<Found>;
  /** Asks again at the next use: the server no longer knows a kind that it had announced. */
  forget(apiVersion: string): void;
}

/** A kind that is missing is looked for again after this many milliseconds, however many objects ask for it. */
const MISS_MS = 10_000;
/** API versions come from rendered templates, so the memory of them is bounded. */
const MAX_VERSIONS = 500;

interface Version {
  readonly askedAt: number;
  readonly answer: Promise<ReadonlyMap<string, Resource> | ApiResponse>;
}

/** @param clock milliseconds, never going back. */
export function createDiscovery(api: Api, clock = (): number => performance.now()): Discovery {
  const versions = new Map<string, Version>();

  function ask(apiVersion: string): Version {
    const version = { askedAt: clock(), answer: list(api, apiVersion) };
    versions.delete(apiVersion);
    versions.set(apiVersion, version);
    for (const oldest of versions.keys()) {
      if (versions.size <= MAX_VERSIONS) break;
      versions.delete(oldest);
    }
    const dropIfUnusable = (usable: boolean): void => {
      if (!usable && versions.get(apiVersion) === version) versions.delete(apiVersion);
    };
    version.answer.then(
      (kinds) => dropIfUnusable(kinds instanceof Map),
      () => dropIfUnusable(false),
    );
    return version;
  }

  return {
    async find(apiVersion, kind) {
      let version = versions.get(apiVersion) ?? ask(apiVersion);
      let kinds = await version.answer;
      if (kinds instanceof Map && !kinds.has(kind) && clock() >= version.askedAt + MISS_MS) {
        // Of all that wait for a missing kind the first asks, the others share its question.
        const newer = versions.get(apiVersion);
        version = newer === undefined || newer === version ? ask(apiVersion) : newer;
        kinds = await version.answer;
      }
      if (!(kinds instanceof Map)) return { outcome: "refused", response: kinds as ApiResponse };
      const resource = kinds.get(kind);
      return resource === undefined ? { outcome: "missing" } : { outcome: "found", resource };
    },
    forget: (apiVersion) => versions.delete(apiVersion),
  };
}

async function list(api: Api, apiVersion: string): Promise<ReadonlyMap<string, Resource> | ApiResponse> {
  const response = await api.send({ method: "GET", path: versionPath(apiVersion) });
  if (response.status === 404) return new Map();
  if (response.status !== 200) return response;
  const document = tryParseJson(response.body);
  if (!isJsonObject(document) || !Array.isArray(document.resources)) return response;
  const kinds = new Map<string, Resource>();
  for (const entry of document.resources as readonly JsonValue[]) {
    if (!isJsonObject(entry)) continue;
    const { name, namespaced, kind } = entry;
    // Subresources (`pods/binding`) are listed beside resources, under kinds of their own or the same.
    if (typeof name !== "string" || !/^[a-z0-9.-]+$/.test(name) || typeof kind !== "string") continue;
    if (!kinds.has(kind)) kinds.set(kind, { name, namespaced: namespaced === true });
  }
  return kinds;
}

/** `v1` → `/api/v1`; `tekton.dev/v1` → `/apis/tekton.dev/v1`. */
export function versionPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
