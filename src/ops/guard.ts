/** Web pages of strangers may not ask: neither by a name of theirs nor through the user's browser. */

import { isIPv4 } from "node:net";
import { fault } from "../core/errors.ts";

/** What the guard looks at. */
export interface AdminRequest {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Sec-Fetch-Site, which browsers set and pages cannot. */
  readonly site: string | undefined;
}

/** True for hosts that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/**
 * Makes the guard of an admin server.
 *
 * On loopback a page of a stranger could reach us through the user's own browser: by DNS rebinding (its name is then in
 * Host) or by a blind cross-site POST (its name is then in Origin). Both are refused.
 *
 * @param bound the host that the server listens on.
 * @returns a function that throws SluiceError SLUICE_ADMIN_FOREIGN.
 */
export function adminGuard(bound: string): (request: AdminRequest) => void {
  const local = isLoopback(bound);
  const names = new Set([
    "localhost",
    "127.0.0.1",
    "[::1]",
    bound.includes(":") ? `[${bound}]` : bound.toLowerCase(),
  ]);
  return ({ method, host, origin, site }) => {
    const reads = method === "GET" || method === "HEAD";
    if (local && !names.has(hostName(host ?? ""))) throw foreign("Host", host ?? "(none)");
    if (!reads && origin !== undefined && origin.toLowerCase() !== `http://${host?.toLowerCase()}`)
      throw foreign("Origin", origin);
    if (!reads && site !== undefined && site !== "same-origin" && site !== "none")
      throw foreign("Sec-Fetch-Site", site);
  };
}

/** The Host header without its port: a port-forward may listen on any. */
function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d{1,5}$/, "");
}

const foreign = (header: string, value: string) =>
  fault("SLUICE_ADMIN_FOREIGN", { header, value: value.slice(0, 100) });
