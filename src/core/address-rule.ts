/** Rules about IP addresses as operators write them: an address or a CIDR block, with a port where only that one is meant. */

import { BlockList, isIP } from "node:net";

export interface AddressRule {
  /** IPv4 or IPv6, without brackets. */
  readonly network: string;
  /** Bits of the network that count: 32 or 128 for one address. */
  readonly prefix: number;
  /** Absent: all ports. */
  readonly port?: number;
}

/** Whether an address and a port are covered. */
export type AddressMatch = (address: string, port: number) => boolean;

const V4 = /^(?<network>[\d.]+)(?:\/(?<prefix>\d{1,3}))?(?::(?<port>\d{1,5}))?$/;
const V6 = /^(?<network>[\da-f:.]+)(?:\/(?<prefix>\d{1,3}))?$/i;
const V6_PORT = /^\[(?<network>[\da-f:.]+)(?:\/(?<prefix>\d{1,3}))?\](?::(?<port>\d{1,5}))?$/i;

/**
 * Reads `10.0.0.1`, `10.0.0.0/8`, `127.0.0.1:8080`, `fd00::/8` or `[fd00::1]:8080`.
 *
 * @returns undefined for anything else.
 */
export function parseAddressRule(text: string): AddressRule | undefined {
  const { network = "", prefix, port } = (V4.exec(text) ?? V6.exec(text) ?? V6_PORT.exec(text))?.groups ?? {};
  const bits = isIP(network) === 4 ? 32 : isIP(network) === 6 ? 128 : 0;
  const wanted = prefix === undefined ? bits : Number(prefix);
  if (bits === 0 || wanted > bits) return undefined;
  if (port === undefined) return { network, prefix: wanted };
  const number = Number(port);
  return number >= 1 && number <= 65_535 ? { network, prefix: wanted, port: number } : undefined;
}

/** A rule as it is written. */
export function printAddressRule({ network, prefix, port }: AddressRule): string {
  const v6 = isIP(network) === 6;
  const block = prefix === (v6 ? 128 : 32) ? network : `${network}/${prefix}`;
  if (port === undefined) return block;
  return `${v6 ? `[${block}]` : block}:${port}`;
}

/** Makes one question of several rules. */
export function matchOf(rules: readonly AddressRule[]): AddressMatch {
  const byPort = Map.groupBy(rules, ({ port }) => port);
  const lists = Array.from(byPort, ([port, some]) => ({ port, list: listOf(some) }));
  return (address, port) => lists.some((at) => (at.port ?? port) === port && at.list(address));
}

// One list for each family: node takes an IPv4 address for a member of ::/0.
function listOf(rules: readonly AddressRule[]): (address: string) => boolean {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const { network, prefix } of rules) {
    const family = familyOf(network);
    lists[family].addSubnet(network, prefix, family);
  }
  return (address) => {
    if (isIP(address) === 0) return false;
    const family = familyOf(address);
    return lists[family].check(address, family);
  };
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
