/** Watches: one line of JSON for each change of a resource, from a resource version on; tests may meddle with them. */

import type { ServerResponse } from "node:http";
import { apiVersionOf } from "./kinds.ts";
import { inVersion, selection } from "./list.ts";
import { represented } from "./representation.ts";
import type { Resource } from "./rest.ts";
import { expired } from "./status.ts";
import type { ApiObject, Change, Storage } from "./storage.ts";
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

/** Streams changes until the client leaves, `timeoutSeconds` of the query have passed, or the server stops. */
export function watch(
  storage: Storage,
  { kind, namespace, name }: Resource,
  query: URLSearchParams,
  accept: string | undefined,
  response: ServerResponse,
): void {
  const selected = selection(query);
  const isOurs = (object: ApiObject | undefined): boolean =>
    object !== undefined &&
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    selected(object);
  const resource = resourceKey(kind);
  const since = Number(query.get("resourceVersion") ?? 0);
  let told = since;
  let muted = false;
  const write = (bytes: string | Uint8Array): void => void (muted || response.write(bytes));
  const tell = (type: string, object: ApiObject): void => {
    told = Number(object.metadata.resourceVersion);
    write(`${JSON.stringify({ type, object: represented(accept, inVersion(kind, object)) })}\n`);
  };
  const send = ({ type, resource: changed, object, before }: Change): void => {
    if (changed !== resource) return;
    const was = isOurs(before);
    const is = type !== "DELETED" && isOurs(object);
    if (is) tell(was ? "MODIFIED" : "ADDED", object);
    // For a watch with a selector an object is gone when it no longer matches; it is told as it was.
    if (was && !is) tell("DELETED", { ...(before ?? object), metadata: goneMetadata(object, before) });
  };
  const bookmarks = /^(1|true)$/.test(query.get("allowWatchBookmarks") ?? "");
  const end = (): void => {
    // A bookmark just before the end, if there is news, so that the next watch starts from there.
    if (bookmarks && storage.version > told) {
      const metadata = { name: "", resourceVersion: String(storage.version) };
      tell("BOOKMARK", { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata });
    }
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
  if (since > 0 && since < storage.oldest) {
    // The status has gone out: who asks for a version that is forgotten is told so by an event.
    write(`${JSON.stringify({ type: "ERROR", object: expired().status })}\n`);
    response.end();
    return;
  }
  // Version 0 or none means: tell the present state first, as additions.
  if (since > 0) for (const change of storage.changesSince(kind, since)) send(change);
  else for (const object of storage.list(kind, namespace).filter(isOurs)) tell("ADDED", object);
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

function goneMetadata({ metadata }: ApiObject, before: ApiObject | undefined): ApiObject["metadata"] {
  const { resourceVersion } = metadata;
  return { ...(before?.metadata ?? metadata), ...(resourceVersion !== undefined && { resourceVersion }) };
}
