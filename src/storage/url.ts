/** Store addresses: `embedded:<dir>`, `redis://…` and its kin, `postgres://…`, read and made fit to be shown. */

import { resolve } from "node:path";
import { invalid } from "./address-text.ts";
import { parsePostgresAddress } from "./postgres/address.ts";
import { isRedisAddress, parseRedisAddress, type RedisPlace } from "./redis/address.ts";

export type StoreAddress =
  | { readonly kind: "embedded"; readonly folder: string; readonly name: string }
  | { readonly kind: "redis"; readonly url: string; readonly name: string }
  | { readonly kind: "postgres"; readonly url: string; readonly name: string };

/**
 * Reads the address of a store.
 *
 * @returns with `name`, the address for people: passwords are masked.
 * @throws SluiceError SLUICE_CONFIG_INVALID for the setting `store`.
 */
export function parseStoreUrl(text: string): StoreAddress {
  if (text.startsWith("embedded:")) {
    const folder = text.slice("embedded:".length);
    if (folder === "") throw invalid("embedded: names no folder; write embedded:./.sluice");
    return { kind: "embedded", folder: resolve(folder), name: `embedded ${folder}` };
  }
  if (isRedisAddress(text))
    return { kind: "redis", url: text, name: `redis ${parseRedisAddress(text).shown}` };
  const scheme = /^([a-z]+):\/\//.exec(text)?.[1] ?? "";
  if (scheme !== "postgres" && scheme !== "postgresql") {
    const got = scheme === "" ? "an address without one" : `${scheme}://`;
    throw invalid(`expected embedded:<folder>, redis://, rediss:// or postgres://, got ${got}`);
  }
  return { kind: "postgres", url: text, name: `postgres ${parsePostgresAddress(text).shown}` };
}

/** Hosts of a store, as its address names them; none of an embedded one or a socket. @throws as {@link parseStoreUrl}. */
export function storeHosts(text: string): readonly string[] {
  const address = parseStoreUrl(text);
  if (address.kind === "embedded") return [];
  if (address.kind === "redis") return redisHosts(parseRedisAddress(address.url).place);
  return parsePostgresAddress(address.url)
    .places.map(({ host }) => host)
    .filter((host) => !host.startsWith("/"));
}

function redisHosts(place: RedisPlace): readonly string[] {
  switch (place.kind) {
    case "server":
      return [place.host];
    case "socket":
      return [];
    case "sentinel":
      return place.sentinels.map(({ host }) => host);
    case "cluster":
      return place.nodes.map(({ host }) => host);
  }
}
