/** One watch: a stream of lines as events, until it ends, breaks, or says nothing for too long. */

import type { Readable } from "node:stream";
import { isJsonObject } from "../core/json.ts";
import type { Api, ApiResponse } from "./api.ts";
import type { Collection, Found } from "./collection.ts";
import { acceptOf, collectionPath, foundOf, parseForeign } from "./collection.ts";

export type WatchEvent =
  | { readonly type: "changed" | "gone"; readonly found: Found }
  /** Nothing happened up to this version. */
  | { readonly type: "bookmark"; readonly resourceVersion: string }
  /** The server gives up; `code` is that of a Status: 410 when it no longer knows what came after our version. */
  | { readonly type: "error"; readonly code: number; readonly message: string };

export interface WatchLimits {
  /**
   * A stream that brings no byte for this many milliseconds is given up: its other end may be gone without a word.
   * Bookmarks come about once a minute.
   */
  readonly silenceMs: number;
  /** Bytes of a line, which is one event. etcd takes objects of 1.5 MB. */
  readonly lineBytes: number;
}

export const WATCH_LIMITS: WatchLimits = { silenceMs: 90_000, lineBytes: 8 * 1024 * 1024 };

/**
 * Opens a watch from a version on.
 *
 * @param seconds after which the server is to end it.
 * @throws SluiceError as {@link Api.stream}.
 */
export async function openWatch(
  api: Api,
  collection: Collection,
  resourceVersion: string,
  seconds: number,
): Promise<Readable | ApiResponse> {
  const query = { watch: "1", allowWatchBookmarks: "true", resourceVersion, timeoutSeconds: String(seconds) };
  const accept = acceptOf(collection, "PartialObjectMetadata");
  const answer = await api.stream({ method: "GET", path: collectionPath(collection, query), accept });
  return "chunks" in answer ? answer.chunks : answer;
}

/** Reads events until the stream ends. @throws Error when it breaks, is silent, or brings what is no event. */
export async function* readEvents(stream: Readable, limits: WatchLimits): AsyncGenerator<WatchEvent> {
  for await (const line of lines(stream, limits)) {
    const event = readEvent(line);
    if (event !== undefined) yield event;
  }
}

async function* lines(stream: Readable, { silenceMs, lineBytes }: WatchLimits): AsyncGenerator<string> {
  const silence = setTimeout(() => stream.destroy(new Error(`nothing came for ${silenceMs} ms`)), silenceMs);
  // Bytes, not text: a sign of several bytes may come in two chunks.
  let parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      silence.refresh();
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
        parts.push(chunk.subarray(from, end));
        from = end + 1;
        yield Buffer.concat(parts).toString();
        parts = [];
        size = 0;
      }
      parts.push(chunk.subarray(from));
      size += chunk.length - from;
      if (size > lineBytes) throw new Error(`an event is larger than ${lineBytes} bytes`);
    }
  } finally {
    clearTimeout(silence);
    stream.destroy();
  }
}

const NEWLINE = 0x0a;

/** @returns undefined for what later servers may send and we need not know. */
function readEvent(line: string): WatchEvent | undefined {
  if (line.trim() === "") return undefined;
  const { value, suspect } = parseForeign(line);
  if (!isJsonObject(value)) throw new SyntaxError("an event is no object");
  const { type, object } = value;
  if (type === "ERROR") {
    const { code, message } = isJsonObject(object) ? object : {};
    return {
      type: "error",
      code: typeof code === "number" ? code : 0,
      message: typeof message === "string" ? message : "",
    };
  }
  if (type === "BOOKMARK") {
    const metadata = isJsonObject(object) && isJsonObject(object.metadata) ? object.metadata : {};
    const { resourceVersion } = metadata;
    return typeof resourceVersion === "string" ? { type: "bookmark", resourceVersion } : undefined;
  }
  if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED") return undefined;
  const found = foundOf(object, suspect);
  return found && { type: type === "DELETED" ? "gone" : "changed", found };
}
