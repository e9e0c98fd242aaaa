/** Who sent a delivery and what it is about, read from headers and payload: for lists, searches and duplicate detection. */

import { createHash } from "node:crypto";
import type { Payload } from "./delivery.ts";
import { firstOf, MAX_TEXT } from "./fact-place.ts";
import type { HeaderMap } from "./headers.ts";
import type { JsonValue } from "./json.ts";
import { GENERIC, PROVIDERS } from "./provider-table.ts";

/** What lists show. Nothing of it is proved: it is never used to decide. */
export interface DeliveryFacts {
  /** `github`, `gitlab`, …, `cloudevents`, `generic`. */
  readonly provider: string;
  /** The provider's event name with its action: `pull_request.opened`; `unknown` where none is given. */
  readonly event: string;
  /** The provider's own id of this delivery. */
  readonly providerId?: string;
  readonly repository?: string;
  readonly ref?: string;
  readonly revision?: string;
  readonly pullRequest?: number;
  readonly actor?: string;
}

/** Names of the providers that are recognised. */
export const knownProviders: ReadonlySet<string> = new Set(PROVIDERS.map(({ name }) => name));

/**
 * Describes a delivery.
 *
 * @param body the payload; one that is no JSON leaves its facts out.
 */
export function describe(headers: HeaderMap, body: Payload): DeliveryFacts {
  const json = jsonOf(body);
  const provider = PROVIDERS.find((candidate) => candidate.recognises(headers, json)) ?? GENERIC;
  const read = (paths: readonly string[] | undefined) => firstOf(paths, headers, json);
  const [event = "unknown", action] = [read(provider.event), read(provider.action)];
  const [idPart = ""] = provider.id;
  const number = Number(read(provider.pullRequest));
  const texts = {
    providerId: idPart === "" ? undefined : firstOf(idPart.split("|"), headers, json),
    repository: read(provider.repository),
    ref: read(provider.ref),
    revision: read(provider.revision),
    actor: read(provider.actor),
  };
  return {
    provider: provider.name,
    event: action === undefined ? event : `${event}.${action}`,
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined)),
    ...(Number.isSafeInteger(number) && number > 0 ? { pullRequest: number } : {}),
  };
}

/**
 * The provider's stable id of a delivery: the same when it is sent again, another for anything else.
 *
 * @param provider as {@link describe} names it.
 * @returns undefined when the provider gives none: duplicates can then not be told from repetitions.
 */
export function dedupeKey(provider: string, headers: HeaderMap, body: Payload): string | undefined {
  const parts = PROVIDERS.find(({ name }) => name === provider)?.id ?? [];
  if (parts.length === 0) return undefined;
  const json = jsonOf(body);
  const values: (string | null)[] = [];
  for (const part of parts) {
    const value = firstOf(part.replace("?", "").split("|"), headers, json, MAX_ID);
    if (value === undefined && !part.startsWith("?")) return undefined;
    values.push(value ?? null);
  }
  return keyOf(provider, values);
}

/** The key of a delivery whose id is covered by what proved it: that one counts, and no id beside it. */
export function signedKey(id: string): string {
  return keyOf("standard-webhooks", [id]);
}

function keyOf(provider: string, values: readonly (string | null)[]): string {
  const key = JSON.stringify([provider, ...values]);
  return key.length <= MAX_TEXT ? key : `${provider}:${createHash("sha256").update(key).digest("hex")}`;
}

/** Characters of an id that count. */
const MAX_ID = 64 * 1024;

function jsonOf(body: Payload): JsonValue | undefined {
  try {
    return body.json();
  } catch {
    return undefined;
  }
}
