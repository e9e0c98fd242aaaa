/** Where outgoing calls may go: what is refused to everybody, what is refused to tenants, and what operators allow. */

import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import type { AddressRule } from "../../core/address-rule.ts";
import { matchOf } from "../../core/address-rule.ts";
import { reasonOf } from "../../core/errors.ts";
import { addressesOf, isForbiddenAddress, isLoopbackAddress, ownAddresses, readingsOf } from "./addresses.ts";

export interface PolicyOptions {
  /** Ports of this gateway that answer no call, whatever is allowed. */
  readonly deny?: readonly { readonly host: string; readonly port: number }[];
  /** Goes before everything but `deny`. */
  readonly allow?: readonly AddressRule[];
  readonly refuse?: readonly AddressRule[];
  /** Present where tenants write the objects that calls come from; absent where the operator wrote them. */
  readonly tenants?: {
    /** Host names and addresses of what belongs to the operator: store, API server, nodes. */
    readonly hosts: readonly string[];
    /** The same, of names that may lead nowhere here. */
    readonly hostsIfAny?: readonly string[];
  };
}

/**
 * Judges an address that a call is about to connect to.
 *
 * @returns why it is refused; undefined where it may be reached.
 * @throws Error when a host of the operator's can't be resolved just now, so that nobody knows.
 */
export type AddressPolicy = (address: string, port: number) => Promise<string | undefined>;

export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** Milliseconds for which the addresses of the operator's hosts are taken as they were. */
const FRESH_MS = 5_000;
/** An address that a host had is refused for so long after it was last seen there. */
const STALE_MS = 600_000;

export function createAddressPolicy(
  { deny = [], allow = [], refuse = [], tenants }: PolicyOptions,
  resolve: Resolve,
  clock = (): number => performance.now(),
): AddressPolicy {
  const own = deny.map(({ host, port }) => ({ port, isOwn: addressesOf(host) }));
  const isAllowed = matchOf(allow);
  const isRefused = matchOf(refuse);
  const protectedHosts = tenants && createProtected(tenants, resolve, clock);

  return async (address, port) => {
    const readings = readingsOf(address);
    if (own.some((at) => at.port === port && at.isOwn(address))) return "it is a port of this gateway";
    if (readings.some((reading) => isAllowed(reading, port))) return undefined;
    if (isForbiddenAddress(address)) return "no interceptor lives there";
    if (readings.some((reading) => isRefused(reading, port))) return "the settings refuse it";
    if (protectedHosts === undefined) return undefined;
    if (isLoopbackAddress(address)) return "it is this machine's own";
    const machine = new Set(ownAddresses().flatMap(readingsOf));
    if (readings.some((reading) => machine.has(reading))) return "it is this machine's own";
    const theirs = await protectedHosts();
    if (readings.some((reading) => theirs.has(reading))) return "it belongs to store, API server or node";
    return undefined;
  };
}

/** The addresses of the operator's hosts, looked up again as they change; one lookup at a time. */
function createProtected(
  { hosts, hostsIfAny = [] }: NonNullable<PolicyOptions["tenants"]>,
  resolve: Resolve,
  clock: () => number,
): () => Promise<ReadonlySet<string>> {
  const fixed = hosts.filter((host) => isIP(host) !== 0).flatMap(readingsOf);
  const names = [...new Set([...hosts, ...hostsIfAny])].filter((host) => isIP(host) === 0);
  /** When an address was last seen. */
  const seen = new Map<string, number>();
  const known = new Set<string>();
  let current: Promise<ReadonlySet<string>> | undefined;
  let freshUntil = Number.NEGATIVE_INFINITY;

  async function look(name: string): Promise<void> {
    try {
      const found = await resolve(name);
      known.add(name);
      for (const { address } of found) for (const reading of readingsOf(address)) seen.set(reading, clock());
    } catch (error) {
      // A name that does not exist leads nowhere, for us as for others.
      const absent = ["ENOTFOUND", "ENODATA"].includes((error as NodeJS.ErrnoException).code ?? "");
      if (absent || known.has(name) || hostsIfAny.includes(name)) return;
      throw new Error(`${name} cannot be resolved: ${reasonOf(error)}`, { cause: error });
    }
  }

  async function refresh(): Promise<ReadonlySet<string>> {
    await Promise.all(names.map(look));
    for (const [address, at] of seen) if (clock() > at + STALE_MS) seen.delete(address);
    return new Set([...fixed, ...seen.keys()]);
  }

  return () => {
    if (current === undefined || clock() >= freshUntil) {
      freshUntil = clock() + FRESH_MS;
      current = refresh();
      current.catch(() => {
        current = undefined;
      });
    }
    return current;
  };
}
