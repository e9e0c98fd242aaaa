/** Proof and connections: what every request to one API server carries, refreshed as tokens and certificates rotate. */

import type { Agent as HttpAgent } from "node:http";
import type { RequestOptions } from "node:https";
import { Agent } from "node:https";
import { isDeepStrictEqual } from "node:util";
import type { KubeConfig } from "@kubernetes/client-node";
import { within } from "../core/deadline.ts";
import { fault, reasonOf } from "../core/errors.ts";

/** What one request needs. A new object means new credentials. */
export interface Access {
  /** Names and values in turn, ready for node:http. */
  readonly headers: readonly string[];
  readonly agent: HttpAgent;
}

export interface Session {
  readonly server: URL;
  /** For people: whose rights count. */
  readonly account: string;
  /** @throws SluiceError SLUICE_CREATE_CREDENTIALS when a token file, plugin or certificate cannot be read. */
  access(): Promise<Access>;
  /**
   * Reads the configuration anew after the server refused `used`.
   *
   * @returns whether credentials other than `used` may now be there.
   */
  renew(used: Access): boolean;
  close(): void;
}

/** Credentials are asked for again after this many milliseconds; token files and plugins keep caches of their own. */
const FRESH_MS = 10_000;
/** A plugin that fails is not started again for every job, but after this many milliseconds. */
const FAILED_MS = 1_000;
/** Longest wait for a plugin, milliseconds. */
const CREDENTIALS_MS = 30_000;
/** Refused credentials lead to one reload in this many milliseconds, so that a revoked token costs nothing. */
const RENEW_MS = 5_000;

/**
 * @param load gives the configuration; called again when the server refuses the credentials.
 * @param clock milliseconds, never going back.
 */
export function createSession(load: () => KubeConfig, clock = (): number => performance.now()): Session {
  let config = load();
  let renewedAt = Number.NEGATIVE_INFINITY;
  let current: Promise<Access> | undefined;
  let known: Access | undefined;
  let freshUntil = 0;
  let closed = false;
  let connections: { readonly tls: object; readonly agent: HttpAgent } | undefined;

  async function read(): Promise<Access> {
    const options: RequestOptions = {};
    try {
      await within(config.applyToHTTPSOptions(options), CREDENTIALS_MS, () => {
        throw new Error(`no credentials in ${CREDENTIALS_MS} ms`);
      });
    } catch (error) {
      throw fault("SLUICE_CREATE_CREDENTIALS", { reason: reasonOf(error) }, { cause: error });
    }
    const access = { headers: proofHeaders(options), agent: agentFor(options) };
    // The same object while nothing changed: renew() tells by it whether others have renewed already.
    if (
      known === undefined ||
      known.agent !== access.agent ||
      !isDeepStrictEqual(known.headers, access.headers)
    ) {
      known = access;
    }
    return known;
  }

  function agentFor(options: RequestOptions): HttpAgent {
    const { ca, cert, key, rejectUnauthorized, servername } = options;
    const tls = Object.fromEntries(
      Object.entries({ ca, cert, key, rejectUnauthorized, servername }).filter(([, v]) => v !== undefined),
    );
    if (connections !== undefined && isDeepStrictEqual(connections.tls, tls)) return connections.agent;
    retire(connections?.agent);
    const cluster = config.getCurrentCluster();
    const special = cluster?.proxyUrl !== undefined || cluster?.server.startsWith("http:");
    const agent = special ? (options.agent as HttpAgent) : keepAlive(tls);
    connections = { tls, agent };
    return agent;
  }

  return {
    server: new URL(config.getCurrentCluster()?.server ?? ""),
    account: config.getCurrentUser()?.name ?? "anonymous",
    async access() {
      // A request that began before must not open a connection that nobody closes.
      if (closed)
        throw fault("SLUICE_CREATE_UNREACHABLE", { reason: "this gateway is closing its connections" });
      if (current === undefined || clock() >= freshUntil) {
        freshUntil = clock() + FRESH_MS;
        current = read();
        current.catch(() => {
          freshUntil = clock() + FAILED_MS;
        });
      }
      return current;
    },
    renew(used) {
      if (known !== used) return true;
      if (clock() < renewedAt + RENEW_MS) return false;
      renewedAt = clock();
      try {
        config = load();
      } catch {
        // A file that is just being replaced: what is in memory stays in use.
      }
      current = undefined;
      known = undefined;
      return true;
    },
    close() {
      closed = true;
      connections?.agent.destroy();
      // Whoever was given access just before opens its connection just after.
      setImmediate(() => connections?.agent.destroy());
    },
  };
}

function keepAlive(tls: object): Agent {
  // Interval of TCP probes as in client-go; cloud load balancers drop what is silent for a minute.
  const agent = new Agent({ ...tls, keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: 64 });
  // Node joins all certificates into this key on every request; one agent here serves one server only.
  agent.getName = () => "api-server";
  return agent;
}

/** Lets requests in flight finish, and keeps none of the connections. */
function retire(agent: HttpAgent | undefined): void {
  if (agent === undefined) return;
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
}

function proofHeaders(options: RequestOptions): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // Files that hold tokens tend to end in a line break.
    if (value !== undefined) flat.push(name, String(value).trim());
  }
  if (typeof options.auth === "string") {
    flat.push("Authorization", `Basic ${Buffer.from(options.auth).toString("base64")}`);
  }
  return flat;
}
