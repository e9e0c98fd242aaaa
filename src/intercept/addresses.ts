/** Addresses that no outgoing call may reach: clouds answer there with credentials of the machine. */

import { BlockList, isIP } from "node:net";

/**
 * True for link-local, multicast and unspecified addresses and for the metadata services of the clouds, also where
 * they are spelled as IPv4-mapped, NAT64 or 6to4 addresses.
 *
 * @param address an IPv4 or IPv6 address, without brackets; anything else is forbidden too.
 */
export function isForbiddenAddress(address: string): boolean {
  const version = isIP(address);
  return version === 0 || forbidden.check(address, version === 4 ? "ipv4" : "ipv6");
}

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
