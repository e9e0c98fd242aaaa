/** sink.json: from an HTTP request to the reply, the created objects, the outgoing calls and CloudEvents. */

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { JsonObject } from "../../../src/core/json.ts";
import { type Called, openListener, type World } from "../listener.ts";
import { type Comparison, suite, type VectorFile } from "../vectors.ts";

interface Input extends World {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, readonly string[]>>;
    readonly body?: string;
    readonly bodyBase64?: string;
  };
}

interface Output {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: JsonObject;
  readonly text?: string;
  readonly created: readonly JsonObject[];
  readonly calls?: readonly (Omit<Called, "headers"> & { readonly headers: JsonObject })[];
  readonly cloudEvents?: readonly JsonObject[];
}

export const sink = suite<Input, Output>("sink.json", async ({ input, output }, file) => {
  const got = await run(input, file);
  return { got: comparable(got), want: comparable(output) };
});

async function run(input: Input, { apiResources = [] }: VectorFile): Promise<Output> {
  await using listener = await openListener(input, apiResources);
  const address = await listener.app.listen({ host: "127.0.0.1", port: 0 });
  const port = Number(new URL(address).port);
  const { status, headers, body } = await send(port, input.request);
  await listener.settled();
  const cloudEvents = listener.calls.filter(isCloudEvent).map(cloudEventOf);
  const calls = listener.calls.filter((call) => !isCloudEvent(call)).map(callOf);
  return {
    status,
    headers,
    ...replyOf(headers["Content-Type"], body),
    created: listener.created,
    ...(calls.length > 0 && { calls }),
    ...(cloudEvents.length > 0 && { cloudEvents }),
  };
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Sends what the recorded client sent, header by header: fetch and node's own shortcuts would add and join some. */
async function send(port: number, { method, path, headers, ...given }: Input["request"]): Promise<Reply> {
  const body = Buffer.from(given.bodyBase64 ?? given.body ?? "", given.bodyBase64 ? "base64" : "utf8");
  const pairs = ["Host", "listener.test", "User-Agent", "vector-client", "Connection", "close"];
  pairs.push("Content-Length", String(body.length));
  for (const [name, values] of Object.entries(headers)) for (const value of values) pairs.push(name, value);
  const outgoing = request({ host: "127.0.0.1", port, method, path, headers: pairs, agent: false });
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: notable(response), body: await text(response) };
}

/** The headers of a reply that the vectors record. */
function notable({ rawHeaders }: IncomingMessage): Record<string, string> {
  const found: Record<string, string> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
    if (/^(Content-Type|Location|Ce-.*)$/.test(name)) found[name] = rawHeaders[i + 1] ?? "";
  }
  return found;
}

function replyOf(type: string | undefined, body: string): Pick<Output, "body" | "text"> {
  if (body === "") return {};
  return type === "application/json" ? { body: JSON.parse(body) as JsonObject } : { text: body };
}

function isCloudEvent({ headers }: Called): boolean {
  return (headers["Ce-Type"]?.[0] ?? "").startsWith("dev.tekton.event.triggers.");
}

function cloudEventOf({ url, headers }: Called): JsonObject {
  const read = (name: string) => headers[name]?.[0] ?? "";
  return { type: read("Ce-Type"), subject: read("Ce-Subject"), id: read("Ce-Id"), target: url };
}

function callOf({ headers, rawBody = "", ...call }: Called) {
  const unrecorded = new Set(["Content-Length", "User-Agent", "Accept-Encoding"]);
  const kept = Object.entries(headers).filter(([name]) => !unrecorded.has(name));
  return { ...call, headers: Object.fromEntries(kept) as JsonObject, ...parsed(rawBody) };
}

function parsed(rawBody: string): { body: JsonObject } | { rawBody: string } | object {
  try {
    return { body: JSON.parse(rawBody) as JsonObject };
  } catch {
    return rawBody === "" ? {} : { rawBody };
  }
}

/** Without the words of errors, and with lists whose order says nothing in one order. */
function comparable(output: Output): Comparison["got"] {
  const { body, created, calls, cloudEvents, ...rest } = output;
  const said =
    body === undefined ? {} : { body: { ...body, ...("errorMessage" in body && { errorMessage: "" }) } };
  return {
    ...rest,
    ...said,
    created: unordered(created),
    ...(calls !== undefined && { calls: unordered(calls) }),
    ...(cloudEvents !== undefined && { cloudEvents: unordered(cloudEvents) }),
  };
}

function unordered(items: readonly unknown[]): readonly unknown[] {
  return items
    .map((item) => JSON.stringify(sorted(item)))
    .sort()
    .map((item) => JSON.parse(item) as unknown);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
