/** Addresses that no outgoing call may reach: clouds answer there with credentials of the machine, or we ourselves do. */

import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";

/**
 * True for link-local, multicast and unspecified addresses and for the metadata services of the clouds, also where
 * they are spelled as IPv4-mapped, NAT64 or 6to4 addresses.
 *
 * @param address an IPv4 or IPv6 address, without brackets; anything else is forbidden too.
 */
export function isForbiddenAddress(address: string): boolean {
  return isIP(address) === 0 || isAmong(forbidden, address);
}

/** Whether an IPv4 or IPv6 address stands in a list, as itself or IPv4-mapped. */
export function isAmong(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address));
}

/**
 * The addresses under which this machine answers for a server of ours.
 *
 * @param bound the host that it listens on. On loopback all of loopback counts; on every address (`0.0.0.0`, `::`) those
 *   of the machine's interfaces too. A name other than `localhost` gives no address.
 */
export function addressesOf(bound: string): BlockList {
  const list = new BlockList();
  const everywhere = bound === "0.0.0.0" || bound === "::";
  if (everywhere || bound === "localhost" || (isIP(bound) !== 0 && isAmong(loopback, bound))) {
    addLoopback(list);
  }
  const addresses = everywhere
    ? Object.values(networkInterfaces()).flatMap((of) => (of ?? []).map(({ address }) => address))
    : [bound];
  for (const address of addresses) if (isIP(address) !== 0) list.addAddress(address, familyOf(address));
  return list;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}

function addLoopback(list: BlockList): void {
  list.addSubnet("127.0.0.0", 8, "ipv4");
  list.addAddress("::1", "ipv6");
}

const loopback = new BlockList();
addLoopback(loopback);

const forbidden = new BlockList();
// BlockList checks IPv4-mapped IPv6 addresses against the rules for IPv4.
forbidden.addSubnet("169.254.0.0", 16, "ipv4");
forbidden.addAddress("100.100.100.200", "ipv4"); // Alibaba Cloud
forbidden.addAddress("168.63.129.16", "ipv4"); // Azure's WireServer
forbidden.addAddress("192.0.0.192", "ipv4"); // Oracle Cloud
forbidden.addAddress("0.0.0.0", "ipv4");
forbidden.addSubnet("224.0.0.0", 4, "ipv4");
forbidden.addAddress("255.255.255.255", "ipv4");
forbidden.addSubnet("fe80::", 10, "ipv6");
forbidden.addAddress("fd00:ec2::254", "ipv6"); // AWS
forbidden.addAddress("fd20:ce::254", "ipv6"); // Google Cloud
forbidden.addAddress("::", "ipv6");
forbidden.addSubnet("ff00::", 8, "ipv6");
forbidden.addSubnet("64:ff9b::a9fe:0", 112, "ipv6"); // NAT64 of 169.254.0.0/16
forbidden.addSubnet("2002:a9fe::", 32, "ipv6"); // 6to4 of 169.254.0.0/16
