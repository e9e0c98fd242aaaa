/** Web pages of strangers may not ask: neither by a name of theirs nor through the user's browser. */

import { isIPv4, isIPv6 } from "node:net";
import { hostname } from "node:os";
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

export interface GuardOptions {
  /** Further names that are ours, in lower case. */
  readonly hosts?: ReadonlySet<string>;
  /** Whether the port speaks TLS. */
  readonly secure?: boolean;
  /** This machine's own name: the pod's, in a cluster. */
  readonly machine?: string;
}

/**
 * Makes the guard of an admin server.
 *
 * A page of a stranger could reach us through a user's own browser: by DNS rebinding (its name is then in Host) or by a
 * blind cross-site POST (its name is then in Origin). Both are refused, on every address.
 *
 * @param bound the host that the server listens on.
 * @returns a function that throws SluiceError SLUICE_ADMIN_FOREIGN.
 */
export function adminGuard(
  bound: string,
  { hosts = new Set(), secure = false, machine = hostname() }: GuardOptions = {},
): (request: AdminRequest) => void {
  const local = isLoopback(bound);
  const scheme = secure ? "https" : "http";
  const names = new Set([
    ...["localhost", "127.0.0.1", "[::1]", bound.includes(":") ? `[${bound}]` : bound.toLowerCase()],
    ...(local ? [] : [machine.toLowerCase()]),
    ...hosts,
  ]);
  const isOurs = (name: string): boolean => names.has(name) || (!local && cannotBeRebound(name));
  return ({ method, host, origin, site }) => {
    const reads = method === "GET" || method === "HEAD";
    if (!isOurs(hostName(host ?? ""))) throw foreign("Host", host ?? "(none)");
    if (!reads && origin !== undefined && origin.toLowerCase() !== `${scheme}://${host?.toLowerCase()}`)
      throw foreign("Origin", origin);
    if (!reads && site !== undefined && site !== "same-origin" && site !== "none")
      throw foreign("Sec-Fetch-Site", site);
  };
}

/**
 * True for hosts that no page of a stranger can have: addresses, which need no name that could lead elsewhere, and names
 * within a cluster, which nobody outside of it can own.
 */
function cannotBeRebound(name: string): boolean {
  return isIPv4(name) || isIPv6(name.replace(/^\[(.*)\]$/, "$1")) || /\.svc(\.cluster\.local)?$/.test(name);
}

/** The Host header without its port: a port-forward may listen on any. */
function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d{1,5}$/, "");
}

const foreign = (header: string, value: string) =>
  fault("SLUICE_ADMIN_FOREIGN", { header, value: value.slice(0, 100) });
