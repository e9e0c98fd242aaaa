/** The control endpoint, for tests and benchmarks that run the API server as a process of its own. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApiServer } from "../api-server.ts";
import type { Fault } from "./faults.ts";

/**
 * Answers `/__control/…`; it asks for no token, since the server listens on loopback only.
 *
 * - `GET objects?kind=` → `{count, names: ["ns/name", …]}`; `full=1` adds `items` and, in their order, `createdAt` in ms
 * - `GET requests` → `{count, byStatus}`; `POST faults` arms a Fault (or a list of them); `DELETE faults` disarms all
 * - `POST down` `{ms}` breaks and refuses all connections for that long; objects stay
 * - `POST latency` `{ms}`; `POST objects` puts an object; `DELETE objects` removes all but namespaces; `POST reset` forgets requests
 */
export function createControl(
  server: () => ApiServer,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const url = new URL(request.url ?? "/", "https://localhost");
    if (!url.pathname.startsWith("/__control/")) return false;
    const verb = `${request.method} ${url.pathname.slice("/__control/".length)}`;
    const answered = (work: () => void) => void response.once("finish", work);
    void act(server(), verb, url, request, answered).then(
      (body) => reply(response, body === undefined ? 404 : 200, body ?? { error: "no such control" }),
      (error: unknown) => reply(response, 400, { error: String(error) }),
    );
    return true;
  };
}

async function act(
  server: ApiServer,
  verb: string,
  url: URL,
  request: IncomingMessage,
  answered: (work: () => void) => void,
): Promise<object | undefined> {
  const body = await text(request);
  if (verb === "GET objects") return objects(server, url);
  if (verb === "GET requests") return requests(server);
  if (verb === "POST reset") return reset(server);
  if (verb === "POST faults") {
    const faults = JSON.parse(body) as Fault | Fault[];
    for (const fault of Array.isArray(faults) ? faults : [faults]) server.fault(fault);
    return {};
  }
  if (verb === "DELETE faults") {
    server.clearFaults();
    return {};
  }
  if (verb === "POST down") {
    const { ms } = JSON.parse(body) as { ms: number };
    answered(() => void goDown(server, ms));
    return {};
  }
  if (verb === "POST latency") {
    server.setLatency((JSON.parse(body) as { ms: number }).ms);
    return {};
  }
  if (verb === "POST objects") return server.put(JSON.parse(body));
  if (verb === "DELETE objects") {
    server.clearObjects();
    return {};
  }
  return undefined;
}

function objects(server: ApiServer, url: URL): object {
  const items = server.objects(url.searchParams.get("kind") ?? undefined);
  const names = items.map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`);
  if (url.searchParams.get("full") === null) return { count: items.length, names };
  return { count: items.length, names, items, createdAt: items.map((item) => server.createdAt(item)) };
}

async function goDown(server: ApiServer, ms: number): Promise<void> {
  await server.stop();
  // The outage itself: nobody can be told of its end but by the server's answering again.
  await new Promise((resolve) => setTimeout(resolve, ms));
  await server.start();
}

function requests(server: ApiServer): object {
  const byStatus: Record<string, number> = {};
  for (const { status } of server.requests)
    byStatus[status ?? "none"] = (byStatus[status ?? "none"] ?? 0) + 1;
  const connections = new Set(server.requests.map((request) => request.clientPort)).size;
  return { count: server.requests.length, byStatus, connections };
}

function reset(server: ApiServer): object {
  server.clearRequests();
  return {};
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
