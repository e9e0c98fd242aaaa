/** Watches: one line of JSON for each change of a resource, from a resource version on; tests may meddle with them. */

import type { ServerResponse } from "node:http";
import { apiVersionOf } from "./kinds.ts";
import type { Resource } from "./rest.ts";
import { fieldSelector, labelSelector } from "./selector.ts";
import { expired } from "./status.ts";
import type { Change, Storage } from "./storage.ts";
import { resourceKey } from "./storage.ts";

/** A watch that is open now. */
export interface OpenWatch {
  /** `triggers.tekton.dev/triggers`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly bookmarks: boolean;
  /** Writes as it stands; a line ends with a line break. */
  write(bytes: string | Uint8Array): void;
  /** Says nothing any more, and does not end either: the other end of a connection that only looks alive. */
  mute(): void;
  /** Breaks the connection. */
  drop(): void;
  /** Ends it as after timeoutSeconds. */
  end(): void;
}

/**
 * Streams changes until the client leaves, `timeoutSeconds` of the query have passed, or the server stops.
 *
 * @throws Refusal 410 for a version that is forgotten.
 */
export function watch(
  storage: Storage,
  { kind, namespace, name }: Resource,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  const matches = labelSelector(query.get("labelSelector") ?? "");
  const matchesFields = fieldSelector(query.get("fieldSelector") ?? "");
  const resource = resourceKey(kind);
  const apiVersion = apiVersionOf(kind);
  const since = Number(query.get("resourceVersion") ?? 0);
  if (since > 0 && since < storage.oldest) throw expired();
  let muted = false;
  const write = (bytes: string | Uint8Array): void => void (muted || response.write(bytes));
  const send = (change: Change): void => {
    const { metadata } = change.object;
    if (change.resource !== resource || !matches(metadata.labels ?? {})) return;
    if (!matchesFields(metadata.name, metadata.namespace ?? "")) return;
    if (namespace !== undefined && metadata.namespace !== namespace) return;
    if (name !== undefined && metadata.name !== name) return;
    write(`${JSON.stringify({ type: change.type, object: { ...change.object, apiVersion } })}\n`);
  };
  const bookmark = (): void => {
    const object = { kind: kind.kind, apiVersion, metadata: { resourceVersion: String(storage.version) } };
    write(`${JSON.stringify({ type: "BOOKMARK", object })}\n`);
  };
  const bookmarks = /^(1|true)$/.test(query.get("allowWatchBookmarks") ?? "");
  const end = (): void => {
    // As the real one: a bookmark just before the end, so that the next watch starts from there.
    if (bookmarks && !muted) bookmark();
    response.end();
  };
  const open: OpenWatch = {
    ...{ resource, namespace, bookmarks, write, end },
    mute() {
      muted = true;
    },
    drop: () => response.socket?.destroy(),
  };
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  // Version 0 or none means: tell the present state first, as additions.
  const past =
    since > 0
      ? storage.changesSince(kind, since)
      : storage
          .list(kind, namespace)
          .map((object) => ({ type: "ADDED" as const, version: 0, resource, object }));
  for (const change of past) send(change);
  storage.events.on("change", send);
  storage.watches.add(open);
  const seconds = Number(query.get("timeoutSeconds") ?? 0);
  const timer = seconds > 0 ? setTimeout(end, seconds * 1_000) : undefined;
  response.on("close", () => {
    clearTimeout(timer);
    storage.events.off("change", send);
    storage.watches.delete(open);
  });
}
