/** Binds the webhook port, and names bound ports as others reach them. */

import { Server } from "node:https";
import { printAddress } from "../config/index.ts";
import { fault, reasonOf, type SluiceError } from "../core/errors.ts";

interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a Fastify instance is here. */
interface Listening {
  readonly server: unknown;
  listen(address: Address): Promise<string>;
}

/**
 * Binds a port.
 *
 * @returns its base URL. @throws SluiceError SLUICE_CONFIG_INVALID where it cannot be bound.
 */
export async function listenOn(ingress: Listening, address: Address): Promise<string> {
  try {
    const url = await ingress.listen({ ...address });
    // Fastify names the scheme by an option that a server of our own making does not go through.
    return ingress.server instanceof Server ? url.replace(/^http:/, "https:") : url;
  } catch (error) {
    throw unbound("listen", address, error);
  }
}

/** Fastify names one address that answers: of a port that is bound to all, this would say that others cannot reach it. */
export function boundTo(url: string, { host }: Pick<Address, "host">): string {
  if (host !== "0.0.0.0" && host !== "::") return url;
  return url.replace(new URL(url).hostname, host === "::" ? "[::]" : host);
}

/**
 * A port that cannot be had, in words that name the setting.
 *
 * @param error what Node threw.
 */
export function unbound(key: "listen" | "admin", address: Address, error: unknown): SluiceError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = `cannot listen on ${printAddress(address)}: ${REASONS[code] ?? reasonOf(error)}`;
  const free = code === "EADDRINUSE" ? "Free it, or name" : "Name";
  const cure = `${free} another address: --${key} host:port (port 0 takes a free one).`;
  return fault("SLUICE_CONFIG_INVALID", { key, reason, cure }, { cause: error });
}

/** By Node's code. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process has this port (EADDRINUSE)",
  EACCES: "this user may not bind it; ports below 1024 need a right of their own (EACCES)",
  EADDRNOTAVAIL: "this machine has no such address (EADDRNOTAVAIL)",
  ENOTFOUND: "no such host is known (ENOTFOUND)",
  EAI_AGAIN: "the host's name could not be looked up (EAI_AGAIN)",
};
