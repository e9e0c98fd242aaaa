/** The one way out: HTTP with a deadline for the whole exchange, a size cap, no redirects and no forbidden addresses. */

import { lookup as systemLookup } from "node:dns/promises";
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import http from "node:http";
import https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { fault, reasonOf } from "../../core/errors.ts";
import { headersFromWire, wireText } from "../../core/header-bytes.ts";
import type { HeaderMap } from "../../core/headers.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../../core/interceptor.ts";
import { shownUrl } from "../../core/url.ts";
import { type AddressPolicy, createAddressPolicy, type PolicyOptions, type Resolve } from "./policy.ts";

export interface HttpClientOptions extends PolicyOptions {
  /** All addresses of a host name; the system's resolver by default. */
  readonly resolve?: Resolve;
  /** Bytes of an answer's body; 5 MiB by default. */
  readonly maxBytes?: number;
}

/** An {@link HttpClient}, and how to let go of its idle connections. */
export type ClosableHttpClient = HttpClient & { close(): void };

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_MAX_BYTES = 5 * 1024 * 1024;

/** Headers that belong to one connection (RFC 9110 §7.6.1), or that the client itself decides. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...["Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"],
  ...["Host", "Content-Length", "Accept-Encoding", "Expect"],
]);

/** Makes a client on node:http with connections kept alive. */
export function createHttpClient(options: HttpClientOptions = {}): ClosableHttpClient {
  const { resolve = (hostname) => systemLookup(hostname, { all: true }) } = options;
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  const way: Way = {
    agents: { "http:": new http.Agent({ keepAlive: true }), "https:": new https.Agent({ keepAlive: true }) },
    resolve,
    policy: createAddressPolicy(options, resolve),
    maxBytes,
  };

  async function client(request: HttpRequest): Promise<HttpResponse> {
    try {
      return await exchange(request, way);
    } catch (error) {
      const code = error instanceof Unusable ? "SLUICE_INTERCEPTOR_UNUSABLE" : "SLUICE_INTERCEPTOR_FAILED";
      throw fault(code, { name: shownUrl(request.url), reason: reasonOf(error) }, { cause: error });
    }
  }
  return Object.assign(client, {
    close() {
      for (const agent of Object.values(way.agents)) agent.destroy();
    },
  });
}

/** What asking again will not mend. */
class Unusable extends Error {}

interface Way {
  readonly agents: Readonly<Record<"http:" | "https:", http.Agent>>;
  readonly resolve: Resolve;
  readonly policy: AddressPolicy;
  readonly maxBytes: number;
}

async function exchange(request: HttpRequest, way: Way): Promise<HttpResponse> {
  const url = URL.parse(request.url);
  if (url === null) throw new Unusable("it is no URL");
  const { protocol } = url;
  if (protocol !== "http:" && protocol !== "https:") throw new Unusable(`${protocol} is not HTTP`);
  const port = Number(url.port || (protocol === "https:" ? 443 : 80));
  const lookup = safeLookup(way, port);
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const timeout = request.timeout ?? DEFAULT_TIMEOUT_MS;
  let current: ClientRequest | undefined;
  const timer = setTimeout(() => {
    const late = new Error(`no answer within ${timeout} ms`);
    reject(late);
    // With a reason of ours: without one it looks as if the server had reset the connection, and is sent again.
    current?.destroy(late);
  }, timeout);
  const body = Buffer.from(request.body ?? "");
  const send = (again: boolean): void => {
    const sent = (protocol === "https:" ? https : http).request(url, {
      method: request.method,
      headers: outgoing(request.headers, body.length),
      agent: way.agents[protocol],
      lookup,
      ...(request.ca === undefined ? {} : { ca: request.ca }),
    });
    current = sent;
    sent.on("response", (response) => collect(response, way.maxBytes).then(resolve, reject));
    sent.on("error", (error: NodeJS.ErrnoException) => {
      // The server may close an idle connection in the moment we take it up again: that was no answer of its.
      if (!again && sent.reusedSocket && error.code === "ECONNRESET") send(true);
      else reject(error);
    });
    sent.end(body);
  };
  try {
    // Literal addresses are never looked up, so they are judged here; URL has already written them in plain form.
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (isIP(host) !== 0) await Promise.race([refuseAddress(way, host, port), promise]);
    send(false);
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

async function refuseAddress({ policy }: Way, address: string, port: number): Promise<void> {
  const why = await policy(address, port);
  if (why !== undefined) throw new Unusable(`address ${address}, port ${port}, is forbidden: ${why}`);
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<HttpResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      response.destroy();
      throw new Unusable(`the answer is larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    headers: headersFromWire(response.rawHeaders),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

function outgoing(headers: HeaderMap, length: number): OutgoingHttpHeaders {
  const own: OutgoingHttpHeaders = Object.create(null);
  for (const name of Object.keys(headers))
    if (!OWN_HEADERS.has(name)) own[name] = (headers[name] ?? []).map(wireText);
  own["Content-Length"] = length;
  return own;
}

/**
 * A lookup that fails when a name leads, with any of its addresses, where no call may go. What it gives is what the
 * socket connects to: nothing is looked up a second time.
 */
function safeLookup({ resolve, policy }: Way, port: number): LookupFunction {
  return (hostname, options, callback) => {
    async function look() {
      const addresses = await resolve(hostname);
      for (const { address } of addresses) {
        const refused = await policy(address, port);
        if (refused === undefined) continue;
        const where = `${hostname} leads to the forbidden address ${address}, port ${port}`;
        throw new Unusable(`${where}: ${refused}`);
      }
      return addresses;
    }
    look().then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) callback(new Error(`${hostname} has no address`), "", 0);
        else if (options.all) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, "", 0),
    );
  };
}
