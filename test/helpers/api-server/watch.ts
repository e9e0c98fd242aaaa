/** Watches: one line of JSON for each change of a resource, from a resource version on. */

import type { ServerResponse } from "node:http";
import { apiVersionOf } from "./kinds.ts";
import type { Resource } from "./rest.ts";
import { labelSelector } from "./selector.ts";
import type { Change, Storage } from "./storage.ts";
import { resourceKey } from "./storage.ts";

/** Streams changes until the client leaves, `timeoutSeconds` of the query have passed, or the server stops. */
export function watch(
  storage: Storage,
  { kind, namespace, name }: Resource,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  const matches = labelSelector(query.get("labelSelector") ?? "");
  const resource = resourceKey(kind);
  const send = (change: Change): void => {
    const { metadata } = change.object;
    if (change.resource !== resource || !matches(metadata.labels ?? {})) return;
    if (namespace !== undefined && metadata.namespace !== namespace) return;
    if (name !== undefined && metadata.name !== name) return;
    const object = { ...change.object, apiVersion: apiVersionOf(kind) };
    response.write(`${JSON.stringify({ type: change.type, object })}\n`);
  };
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  const since = Number(query.get("resourceVersion") ?? 0);
  // Version 0 or none means: tell the present state first, as additions.
  const past =
    since > 0
      ? storage.changesSince(kind, since)
      : storage
          .list(kind, namespace)
          .map((object) => ({ type: "ADDED" as const, version: 0, resource, object }));
  for (const change of past) send(change);
  storage.events.on("change", send);
  const seconds = Number(query.get("timeoutSeconds") ?? 0);
  const timer = seconds > 0 ? setTimeout(() => response.end(), seconds * 1_000) : undefined;
  response.on("close", () => {
    clearTimeout(timer);
    storage.events.off("change", send);
  });
}
