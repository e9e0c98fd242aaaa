/** Keys that issuers publish: fetched through the guarded client, remembered for a while, fetched once for many requests. */

import type { JSONWebKeySet } from "jose";
import { fault } from "../core/errors.ts";
import type { HttpClient } from "../core/interceptor.ts";
import { isJsonObject, parseJson } from "../core/json.ts";
import { shownUrl } from "../core/url.ts";

/** Milliseconds that keys are taken as they are. */
const FRESH_MS = 10 * 60_000;
/** Milliseconds before an unknown key id makes us ask again: strangers can send any. */
const COOL_MS = 30_000;
/** Milliseconds for which old keys serve while their issuer does not answer. */
const STALE_MS = 60 * 60_000;
/** Milliseconds in which an issuer that did not answer is not asked again: every request of a stranger would ask. */
const AWAY_MS = 2_000;
const MAX_URLS = 100;
/** Milliseconds for an answer: a sender waits for it. */
const TIMEOUT_MS = 3_000;

export interface PublishedKeys {
  /**
   * The keys behind a URL.
   *
   * @param newer asks again although keys are known: none of them fits.
   * @throws SluiceError SLUICE_INTERCEPTOR_FAILED while they cannot be had.
   */
  get(url: string, now: number, newer?: boolean): Promise<JSONWebKeySet>;
}

interface Known {
  readonly keys: JSONWebKeySet;
  readonly at: number;
}

export function createPublishedKeys(http: HttpClient | undefined): PublishedKeys {
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<Known>>();
  /** When each was asked for last, and what it failed with. */
  const asked = new Map<string, { readonly at: number; readonly error?: unknown }>();

  async function fetchKeys(url: string, now: number): Promise<Known> {
    const failed = (reason: string) => fault("SLUICE_INTERCEPTOR_FAILED", { name: shownUrl(url), reason });
    if (http === undefined) throw failed("published keys are not asked for offline");
    const { status, body } = await http({
      method: "GET",
      url,
      headers: { Accept: ["application/json"] },
      timeout: TIMEOUT_MS,
    });
    if (status !== 200) throw failed(`it answered ${status} instead of 200`);
    const entry = { keys: keySetOf(body, failed), at: now };
    if (known.size >= MAX_URLS && !known.has(url)) {
      for (const memory of [known, asked]) memory.delete([...known.keys()][0] as string);
    }
    known.set(url, entry);
    return entry;
  }

  function askOnce(url: string, now: number): Promise<Known> {
    const running = asking.get(url);
    if (running !== undefined) return running;
    const answer = fetchKeys(url, now);
    asking.set(url, answer);
    answer
      .then(
        () => asked.set(url, { at: now }),
        (error: unknown) => asked.set(url, { at: now, error }),
      )
      .finally(() => asking.delete(url));
    return answer;
  }

  return {
    async get(url, now, newer = false) {
      const before = known.get(url);
      const isFresh = before !== undefined && now - before.at < FRESH_MS;
      const last = asked.get(url);
      const isCool = last !== undefined && now - last.at < COOL_MS;
      if (before !== undefined && (newer ? isCool : isFresh || isCool)) return before.keys;
      if (last?.error !== undefined && now - last.at < AWAY_MS) throw last.error;
      try {
        return (await askOnce(url, now)).keys;
      } catch (error) {
        if (before !== undefined && now - before.at < STALE_MS) return before.keys;
        throw error;
      }
    },
  };
}

function keySetOf(body: string, failed: (reason: string) => Error): JSONWebKeySet {
  let value: unknown;
  try {
    value = parseJson(body);
  } catch {
    throw failed("the answer is no JSON");
  }
  if (!isKeySet(value)) throw failed("the answer is no set of keys");
  return value;
}

/** True for a JSON Web Key Set (RFC 7517 §5). */
export function isKeySet(value: unknown): value is JSONWebKeySet {
  const keys = isJsonObject(value as never) ? (value as { readonly keys?: unknown }).keys : undefined;
  return Array.isArray(keys) && keys.every((key) => isJsonObject(key));
}
