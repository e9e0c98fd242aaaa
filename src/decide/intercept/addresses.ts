/** Addresses that no outgoing call may reach: clouds answer there with credentials of the machine, or we ourselves do. */

import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { AddressRule } from "../../core/address-rule.ts";
import { type AddressMatch, matchOf, parseAddressRule } from "../../core/address-rule.ts";

/**
 * True for addresses that never belong to an interceptor: link-local, multicast, reserved and unspecified ones, and the
 * metadata services of the clouds; also where IPv6 wraps such an IPv4 address ({@link readingsOf}).
 *
 * @param address an IPv4 or IPv6 address, without brackets; anything else is forbidden too.
 */
export function isForbiddenAddress(address: string): boolean {
  const readings = readingsOf(address);
  return readings.length === 0 || readings.some((reading) => reading !== "::1" && isForbidden(reading, 0));
}

/** Whether an address, or an IPv4 address that it wraps, is this machine's own loopback. */
export function isLoopbackAddress(address: string): boolean {
  return readingsOf(address).some((reading) => isLoopback(reading, 0));
}

/**
 * The addresses under which this machine answers for a server of ours.
 *
 * @param bound the host that it listens on. On loopback all of loopback counts; on every address (`0.0.0.0`, `::`) those
 *   of the machine's interfaces too. A name other than `localhost` gives no address.
 */
export function addressesOf(bound: string): (address: string) => boolean {
  const everywhere = bound === "0.0.0.0" || bound === "::";
  const loop = everywhere || bound === "localhost" || isLoopbackAddress(bound);
  const own = everywhere ? ownAddresses() : [bound];
  const rules = [...(loop ? LOOPBACK : []), ...own.flatMap((address) => parseAddressRule(address) ?? [])];
  const match = matchOf(rules);
  return (address) => readingsOf(address).some((reading) => match(reading, 0));
}

/** The addresses of this machine's interfaces, loopback among them. */
export function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((of) => (of ?? []).map(({ address }) => address));
}

/**
 * An address as every part of the network may read it: itself in plain form, and the IPv4 address within it where it is
 * IPv4-mapped, IPv4-translated (RFC 2765), NAT64, 6to4 or Teredo.
 *
 * @returns nothing for what is no address.
 */
export function readingsOf(address: string): readonly string[] {
  const [bare = ""] = address.split("%", 1);
  if (isIP(bare) === 4) return [bare];
  const host = isIP(bare) === 6 ? URL.parse(`http://[${bare}]/`)?.hostname : undefined;
  if (host === undefined) return [];
  const plain = host.slice(1, -1);
  const groups = groupsOf(plain);
  const inner = WRAPPED.flatMap(({ prefix, at, flip = 0 }) =>
    prefix.every((group, index) => groups[index] === group) ? [dotted(groups, at, flip)] : [],
  );
  return [plain, ...inner];
}

/** Prefixes, in groups of 16 bits, of addresses that hold an IPv4 address, and the group where that begins. */
const WRAPPED: readonly {
  readonly prefix: readonly number[];
  readonly at: number;
  readonly flip?: number;
}[] = [
  { prefix: [0, 0, 0, 0, 0, 0xffff], at: 6 },
  { prefix: [0, 0, 0, 0, 0xffff, 0], at: 6 },
  { prefix: [0x64, 0xff9b, 0, 0, 0, 0], at: 6 },
  { prefix: [0x2002], at: 1 },
  { prefix: [0x2001, 0], at: 2 },
  { prefix: [0x2001, 0], at: 6, flip: 0xffff },
];

function groupsOf(plain: string): readonly number[] {
  const [head = "", tail] = plain.split("::");
  const read = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const before = read(head);
  const behind = read(tail ?? "");
  const gap = tail === undefined ? 0 : 8 - before.length - behind.length;
  return [...before, ...new Array<number>(gap).fill(0), ...behind];
}

function dotted(groups: readonly number[], at: number, flip: number): string {
  const two = groups.slice(at, at + 2).map((group) => group ^ flip);
  return two.flatMap((group) => [group >> 8, group & 0xff]).join(".");
}

const rulesOf = (...blocks: readonly string[]): readonly AddressRule[] =>
  blocks.flatMap((block) => parseAddressRule(block) ?? []);

const LOOPBACK = rulesOf("127.0.0.0/8", "::1");
const isLoopback: AddressMatch = matchOf(LOOPBACK);

/** deploy/base/network-policy.yaml closes the same ranges. ::1 lies in ::/96 and is judged as loopback. */
export const FORBIDDEN: readonly string[] = [
  "0.0.0.0/8",
  "169.254.0.0/16",
  "100.100.100.200", // Alibaba Cloud
  "168.63.129.16", // Azure's WireServer
  "192.0.0.0/24", // RFC 6890; 192.0.0.192 is Oracle Cloud's
  "224.0.0.0/4",
  "240.0.0.0/4", // reserved, and broadcast
  "::/96",
  "64:ff9b:1::/48", // NAT64 of a network's own (RFC 8215): what it wraps is not known here
  "fd00:ec2::/32", // AWS
  "fd20:ce::/32", // Google Cloud
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
];
const isForbidden: AddressMatch = matchOf(rulesOf(...FORBIDDEN));
