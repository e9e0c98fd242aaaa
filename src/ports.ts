/** Binds the webhook port, and names bound ports as others reach them. */

import { Server } from "node:https";
import { printAddress } from "./config/describe.ts";
import { fault, reasonOf } from "./core/errors.ts";

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
    const reason = `cannot listen on ${printAddress(address)}: ${reasonOf(error)}`;
    throw fault("SLUICE_CONFIG_INVALID", { key: "listen", reason }, { cause: error });
  }
}

/** Fastify names one address that answers: of a port that is bound to all, this would say that others cannot reach it. */
export function boundTo(url: string, { host }: Pick<Address, "host">): string {
  if (host !== "0.0.0.0" && host !== "::") return url;
  return url.replace(new URL(url).hostname, host === "::" ? "[::]" : host);
}
