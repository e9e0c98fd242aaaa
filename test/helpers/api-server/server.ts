/** The HTTPS server of the test API server: who asks, which fault applies, what is answered. */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:https";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { actingAs, attributesOf, forbidden, isAllowed, review, userOf } from "./authorization.ts";
import type { Certificate } from "./certificate.ts";
import type { FaultAction, Faults } from "./faults.ts";
import { faultBody } from "./faults.ts";
import { represented } from "./representation.ts";
import type { Resource, Rest } from "./rest.ts";
import { handleResource } from "./rest.ts";
import { route } from "./router.ts";
import { anonymous, failure, MAX_BODY, notFound, Refusal, tooLarge, unauthorized } from "./status.ts";
import { watch } from "./watch.ts";

/** One request as it came in. */
export interface LoggedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Who asked, by token; undefined for nobody known. */
  readonly user: string | undefined;
  /** Impersonate-User, if sent. */
  readonly impersonated: string | undefined;
  readonly headers: IncomingMessage["headers"];
  /** Port of the client: tells which requests shared a connection. */
  readonly clientPort: number | undefined;
  /** Set when the answer is sent; stays undefined for dropped and hanging requests. */
  status?: number;
}

/** Whom no RBAC stops. */
export const SUPERUSER = "sluice-test";

export interface Service extends Rest {
  readonly faults: Faults;
  /** Bearer token → user. */
  readonly users: Map<string, string>;
  /** True: only what RBAC objects on the server allow; false: everything. */
  readonly rbac: boolean;
  /** Milliseconds before every answer; may change at any time. */
  readonly latency: () => number;
  readonly log: (request: LoggedRequest) => void;
  /** Answers paths outside the Kubernetes API; false when the path is not its own. */
  readonly control: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export async function listen(service: Service, certificate: Certificate, port: number): Promise<Server> {
  const server = createServer({ ...certificate, keepAliveTimeout: 120_000 }, (request, response) => {
    if (service.control(request, response)) return;
    answer(service, request, response).catch((error: unknown) => {
      // A client that left in the middle of its body is nobody's fault; all else is a defect to be seen.
      if (request.destroyed && !request.complete) return;
      send(response, json(500, failure(500, "InternalError", String(error))));
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function answer(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "GET", url = "/", headers } = request;
  const user = service.users.get(/^Bearer (.*)$/i.exec(headers.authorization ?? "")?.[1] ?? "");
  const impersonated = headers["impersonate-user"];
  const entry: LoggedRequest = {
    method,
    path: url,
    user,
    impersonated: Array.isArray(impersonated) ? impersonated[0] : impersonated,
    headers,
    clientPort: request.socket.remotePort,
  };
  service.log(entry);
  response.on("finish", () => {
    entry.status = response.statusCode;
  });
  const body = await readBody(request);
  const wait = service.latency();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  const fault = service.faults.take(method, url, body);
  if (fault !== undefined && (await misbehave(fault, response))) return;
  const reply = replyTo(service, entry, body, response);
  if (fault?.type === "drop") response.socket?.destroy();
  else if (fault?.type !== "hang" && reply !== undefined) send(response, reply);
}

function replyTo(
  service: Service,
  entry: LoggedRequest,
  body: string | undefined,
  response: ServerResponse,
): Reply | undefined {
  try {
    if (entry.user === undefined && entry.headers.authorization !== undefined) throw unauthorized();
    if (body === undefined) throw tooLarge();
    return work(service, entry, body, response);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return json(error.status.code ?? 500, error.status);
  }
}

/** What a fault does before any work; true when that was all. */
async function misbehave(fault: FaultAction, response: ServerResponse): Promise<boolean> {
  if (fault.type === "delay") {
    await new Promise((resolve) => setTimeout(resolve, fault.ms));
    return false;
  }
  if (fault.type === "status") {
    const retryAfter = fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter };
    send(response, {
      status: fault.status,
      text: faultBody(fault),
      headers: { ...JSON_TYPE, ...retryAfter },
    });
    return true;
  }
  if (fault.when === "after") return false;
  if (fault.type === "drop") response.socket?.destroy();
  return true;
}

/** Does what was asked; undefined when the answer is a stream that is under way. */
function work(
  service: Service,
  entry: LoggedRequest,
  body: string,
  response: ServerResponse,
): Reply | undefined {
  const mark = entry.path.indexOf("?");
  const path = mark < 0 ? entry.path : entry.path.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? "" : entry.path.slice(mark));
  const found = route(path, service.kinds);
  if (found === undefined) return { status: 404, text: "404 page not found\n", headers: TEXT };
  if (found.type === "text") return { status: 200, text: found.body, headers: TEXT };
  if (entry.user === undefined && path !== "/version") throw anonymous(path);
  if (found.type === "document") return json(200, found.body);
  const { accept } = entry.headers;
  const watching = entry.method === "GET" && /^(1|true)$/.test(query.get("watch") ?? "");
  const own = entry.user === SUPERUSER ? ["system:masters"] : [];
  const user = actingAs(service, userOf(entry.user ?? "", own), entry.impersonated, service.rbac);
  const wanted = attributesOf(entry.method, found.resource, watching, found.resource.subresource);
  if (service.rbac && !isAllowed(service, user, wanted)) throw forbidden(user, wanted);
  if (/^auth(entic|oriz)ation\.k8s\.io$/.test(found.resource.kind.group) && entry.method === "POST")
    return json(201, review(service, user, found.resource, body, service.rbac));
  if (found.resource.subresource === "token" && entry.method === "POST")
    return json(201, issueToken(service, found.resource));
  if (watching) {
    watch(service.storage, found.resource, query, accept, response);
    return undefined;
  }
  const contentType = entry.headers["content-type"]?.split(";")[0]?.trim() ?? "";
  const result = handleResource(service, found.resource, { method: entry.method, query, body, contentType });
  const reply = json(result.status, represented(accept, result.body));
  const warnings = result.warnings?.map((text) => `299 - ${JSON.stringify(text)}`) ?? [];
  return warnings.length === 0 ? reply : { ...reply, headers: { ...reply.headers, warning: warnings } };
}

/** A TokenRequest's answer: a token of a service account, known from now on. */
function issueToken({ storage, users }: Service, { kind, namespace = "", name = "" }: Resource): object {
  if (storage.find(kind, namespace, name) === undefined) throw notFound(kind, name);
  const token = randomUUID();
  users.set(token, `system:serviceaccount:${namespace}:${name}`);
  const status = { token, expirationTimestamp: new Date(Date.now() + 3_600_000).toISOString() };
  return {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    metadata: { name, namespace },
    status,
  };
}

const TEXT = { "content-type": "text/plain; charset=utf-8" };
const JSON_TYPE = { "content-type": "application/json" };

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

function json(status: number, body: object): Reply {
  return { status, text: JSON.stringify(body), headers: JSON_TYPE };
}

function send(response: ServerResponse, { status, text, headers }: Reply): void {
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(text) }).end(text);
}

/** @returns undefined when the body is larger than {@link MAX_BODY}. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  return size > MAX_BODY ? undefined : Buffer.concat(chunks).toString();
}
