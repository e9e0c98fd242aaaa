/** A collection of the API server, followed: listed once, then watched, through drops, restarts and forgotten versions. */

import { setTimeout as sleep } from "node:timers/promises";
import type { SluiceError } from "../core/errors.ts";
import { asFault } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Api } from "./api.ts";
import type { Collection, Found } from "./collection.ts";
import { listAll } from "./list.ts";
import { createPatience, type Trouble } from "./patience.ts";
import { givenUp, isBusy, refusal, unreadable } from "./refusal.ts";
import { createVersions, isNewer, keyOf, type Place } from "./versions.ts";
import { openWatch, readEvents, WATCH_LIMITS, type WatchEvent, type WatchLimits } from "./watch.ts";

/** What became of one object. */
export type Change<T> =
  | (Place & { readonly type: "changed"; readonly item: T })
  | (Place & { readonly type: "gone" })
  /** It is there, but nested deeper than we read. */
  | (Place & { readonly type: "unreadable"; readonly reason: string });

export interface ReflectorOptions<T> extends Omit<Collection, "path"> {
  readonly api: Api;
  /** Of the collection. A function is asked before each list: kinds are installed, and change their versions. */
  readonly path: string | (() => Promise<string>);
  /** Makes of an object what is kept of it. Must not throw. */
  readonly read: (object: JsonObject) => T;
  /**
   * Hears what changed: of a list everything at once, of a watch each event; never twice of one version. Must not
   * throw.
   */
  readonly onChanges: (changes: readonly Change<T>[]) => void;
  /** What is known may be old from now on; told when that begins, and when the reason becomes another. */
  readonly onAway?: (error: SluiceError) => void;
  /** @param after milliseconds for which it was away. */
  readonly onBack?: (after: number) => void;
  readonly limits?: Partial<ReflectorLimits>;
  /** From 0 to 1; spreads the requests of many. */
  readonly random?: () => number;
}

export interface ReflectorLimits extends WatchLimits {
  /** Objects of one page of a list. */
  readonly page: number;
  /** Seconds after which the server is to end a watch; up to twice as many. */
  readonly watchSeconds: number;
  /** Milliseconds before the first try after a failure; each further one waits twice as long. */
  readonly firstMs: number;
  /** Longest such wait. */
  readonly longestMs: number;
  /** Milliseconds between tries while the server refuses: rights are granted and kinds installed by people. */
  readonly slowMs: number;
}

const LIMITS: ReflectorLimits = {
  ...WATCH_LIMITS,
  page: 500,
  watchSeconds: 300,
  firstMs: 250,
  longestMs: 10_000,
  slowMs: 30_000,
};

export interface Reflector {
  /** Resolves when the first whole list was taken, however long that needs. */
  readonly synced: Promise<void>;
  isSynced(): boolean;
  /** Why what is known may be old; undefined while it is not. */
  away(): SluiceError | undefined;
  /** Nothing is heard from now on; a request under way ends with the session. */
  close(): void;
}

/** What to do next: a list where there is no version to watch from. */
interface Next {
  readonly version: string | undefined;
  readonly after: "at once" | "ended" | Trouble;
}

/** A watch that lives for this many milliseconds, or brings an event, is one that works. */
const LIVES_MS = 1_000;
const LARGEST_PAGE = 10_000;

/**
 * Lists, then watches from there on; a watch that ends or breaks goes on where it was, one whose version the server
 * has forgotten begins with a list. What is known stays as long as the server is away.
 */
export function createReflector<T>(options: ReflectorOptions<T>): Reflector {
  const { api, read, onChanges, onAway, onBack, random = Math.random } = options;
  const limits = { ...LIMITS, ...options.limits };
  const patience = createPatience({ ...limits, random, onAway, onBack });
  const { signal, abort } = abortion();
  const first = Promise.withResolvers<void>();
  const versions = createVersions();
  let synced = false;
  let path = "";
  let page = limits.page;

  async function list(): Promise<Next> {
    const seen = new Map<string, string>();
    const changes: Change<T>[] = [];
    path = typeof options.path === "string" ? options.path : await options.path();
    const listed = await listAll(api, { ...options, path }, page, (found) => {
      seen.set(keyOf(found), found.resourceVersion);
      if (!versions.has(found)) changes.push(changeOf(found));
    });
    switch (listed.outcome) {
      case "listed":
        for (const place of versions.replace(seen)) changes.push({ type: "gone", ...place });
        if (changes.length > 0 && !signal.aborted) onChanges(changes);
        synced = true;
        first.resolve();
        return { version: listed.resourceVersion, after: "at once" };
      case "refused":
        return { version: undefined, after: refusal(path, listed.response, api.account) };
      case "expired":
        // Fewer pages may be there before the server forgets.
        page = Math.min(4 * page, LARGEST_PAGE);
        return { version: undefined, after: "ended" };
      case "too large":
        if (page === 1)
          return { version: undefined, after: { error: unreadable(path, "one object is too large") } };
        page = Math.max(1, Math.floor(page / 4));
        return { version: undefined, after: "at once" };
    }
  }

  async function watch(from: string): Promise<Next> {
    const seconds = Math.ceil(limits.watchSeconds * (1 + random()));
    const opened = await openWatch(api, { ...options, path }, from, seconds);
    if ("status" in opened) {
      if (opened.status === 410) return { version: undefined, after: "ended" };
      // A version from before the server's data were restored from a backup is refused for ever.
      const version = isBusy(opened.status) ? from : undefined;
      return { version, after: refusal(path, opened, api.account) };
    }
    let version = from;
    const stop = (): void => void opened.destroy();
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    const lives = setTimeout(patience.works, LIVES_MS);
    try {
      for await (const event of readEvents(opened, limits)) {
        if (signal.aborted) break;
        if (event.type === "error") return failedWatch(event, version);
        patience.works();
        const now = event.type === "bookmark" ? event.resourceVersion : event.found.resourceVersion;
        if (isNewer(now, version)) version = now;
        if (event.type !== "bookmark") take(event);
      }
      return { version, after: "ended" };
    } catch (error) {
      // A drop is no trouble yet: whether the server is away shows when it is asked again, at once.
      if (patience.worked()) return { version, after: "ended" };
      return { version, after: { error: unreadable(path, error) } };
    } finally {
      clearTimeout(lives);
      signal.removeEventListener("abort", stop);
    }
  }

  function take({ type, found }: Extract<WatchEvent, { found: Found }>): void {
    const { namespace, name } = found;
    if (type === "changed" && versions.changed(found)) onChanges([changeOf(found)]);
    if (type === "gone" && versions.gone(found)) onChanges([{ type: "gone", namespace, name }]);
  }

  function changeOf({ namespace, name, object }: Found): Change<T> {
    return "unreadable" in object
      ? { type: "unreadable", namespace, name, reason: object.unreadable }
      : { type: "changed", namespace, name, item: read(object.read) };
  }

  async function run(): Promise<void> {
    let version: string | undefined;
    while (!signal.aborted) {
      let next: Next;
      try {
        next = await (version === undefined ? list() : watch(version));
      } catch (thrown) {
        next = { version, after: { error: asFault(thrown) } };
      }
      version = next.version;
      if (signal.aborted || next.after === "at once") continue;
      const ms = next.after === "ended" ? patience.ended() : patience.failed(next.after);
      if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {});
    }
  }

  void run();
  return {
    synced: first.promise,
    isSynced: () => synced,
    away: patience.away,
    close: abort,
  };
}

function failedWatch({ code, message }: Extract<WatchEvent, { type: "error" }>, version: string): Next {
  if (code === 410) return { version: undefined, after: "ended" };
  return { version: isBusy(code) ? version : undefined, after: { error: givenUp(code, message) } };
}

function abortion(): { readonly signal: AbortSignal; abort(): void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
