/** Addresses of Redis, taken apart: one server, a socket, Sentinels that know the master, or a Cluster. */

import { invalid, maskedLogin } from "../address-text.ts";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Who may come in; without a name it is Redis's user `default`. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

/** Paths of PEM files, and the name that the certificate must bear where that is not the host's. */
export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

export type RedisPlace =
  | ({ readonly kind: "server" } & HostPort)
  | { readonly kind: "socket"; readonly path: string }
  | {
      readonly kind: "sentinel";
      readonly sentinels: readonly HostPort[];
      readonly master: string;
      readonly login: Credentials;
    }
  | { readonly kind: "cluster"; readonly nodes: readonly HostPort[] };

export interface RedisAddress {
  readonly place: RedisPlace;
  readonly login: Credentials;
  readonly db: number;
  /** Present when connections are encrypted, those to Sentinels too. */
  readonly tls?: TlsFiles;
  /** The address for people: passwords are masked. */
  readonly shown: string;
}

type Form = "server" | "unix" | "sentinel" | "cluster";

/** What a query may hold, by form; what comes with TLS is allowed to those that have it. */
const PARAMETERS: Readonly<Record<Form, readonly string[]>> = {
  server: [],
  unix: ["db", "username", "password"],
  sentinel: ["db", "sentinelUsername", "sentinelPassword"],
  cluster: [],
};
const TLS_PARAMETERS = ["ca", "cert", "key", "servername"] as const;

const address =
  /^redis(s?)(?:\+(unix|sentinel|cluster))?:\/\/(?:([^/?#]*)@)?([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/;

/** True for whatever {@link parseRedisAddress} should be asked about. */
export const isRedisAddress = (text: string): boolean => /^rediss?(\+[a-z]+)?:\/\//.test(text);

/**
 * Takes an address apart:
 * `redis[s]://user:password@host:port/db`, `redis+unix:///path?db=0`,
 * `redis[s]+sentinel://user:password@host:26379,host:26379/master?db=0&sentinelPassword=…`,
 * `redis[s]+cluster://user:password@host:6379,host:6379`. Those with `rediss` take `ca`, `cert`, `key` (paths of PEM
 * files) and `servername`. What is special in a URL is percent-encoded.
 *
 * @throws SluiceError SLUICE_CONFIG_INVALID for the setting `store`; never quotes the address.
 */
export function parseRedisAddress(text: string): RedisAddress {
  const match = address.exec(text);
  if (match === null)
    throw invalid("not of the form redis[s][+unix|+sentinel|+cluster]://[user:password@]host[:port]/…");
  const [, secure, suffix, user, hosts = "", path = "", query = ""] = match;
  const form = (suffix ?? "server") as Form;
  if (form === "unix" && secure === "s") throw invalid("a socket has no TLS: write redis+unix://");
  const parameters = readQuery(query, [...PARAMETERS[form], ...(secure === "s" ? TLS_PARAMETERS : [])]);
  const place = placeOf(form, hosts, decode(path), parameters);
  const db = databaseOf(form, path, parameters.get("db"));
  const login = user === undefined ? named("username", "password", parameters) : readLogin(user);
  const tls = Object.fromEntries(
    TLS_PARAMETERS.flatMap((name) => (parameters.has(name) ? [[name, parameters.get(name)]] : [])),
  );
  if ("cert" in tls !== "key" in tls) throw invalid("cert and key go together");
  const asked = [...parameters]
    .map(([name, value]) => `${name}=${/pass/i.test(name) ? "***" : value}`)
    .join("&");
  const scheme = text.slice(0, text.indexOf(":"));
  const shown = `${scheme}://${maskedLogin(user)}${hosts}${path}${asked === "" ? "" : `?${asked}`}`;
  return { place, login, db, ...(secure === "s" && { tls }), shown };
}

/** Where it is, for people. */
export function placeInWords(place: RedisPlace): string {
  const all = (servers: readonly HostPort[]) => servers.map(({ host, port }) => `${host}:${port}`).join(", ");
  switch (place.kind) {
    case "server":
      return all([place]);
    case "socket":
      return place.path;
    case "sentinel":
      return `master ${place.master} by the Sentinels ${all(place.sentinels)}`;
    case "cluster":
      return `Cluster of ${all(place.nodes)}`;
  }
}

function placeOf(
  form: Form,
  hosts: string,
  path: string,
  parameters: ReadonlyMap<string, string>,
): RedisPlace {
  if (form === "unix") {
    if (hosts !== "" || path.length < 2)
      throw invalid("redis+unix:// names a path: redis+unix:///run/redis.sock");
    return { kind: "socket", path };
  }
  const servers = hosts.split(",").map((host) => readHost(host, form === "sentinel" ? 26_379 : 6_379));
  if (form === "cluster") return { kind: "cluster", nodes: servers };
  if (form === "sentinel") {
    const master = path.slice(1);
    if (!/^[\w.-]+$/.test(master))
      throw invalid("redis+sentinel:// names the master: redis+sentinel://host/mymaster");
    const login = named("sentinelUsername", "sentinelPassword", parameters);
    return { kind: "sentinel", sentinels: servers, master, login };
  }
  const [server, ...more] = servers;
  if (server === undefined || more.length > 0)
    throw invalid("several hosts need redis+sentinel:// or redis+cluster://");
  return { kind: "server", ...server };
}

function readHost(text: string, usual: number): HostPort {
  const match = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? usual : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535) throw invalid("expected host or host:port");
  return { host, port };
}

function databaseOf(form: Form, path: string, asked: string | undefined): number {
  const text = form === "server" ? path.slice(1) : (asked ?? "");
  if (form === "cluster") {
    if (path.length > 1) throw invalid("a Cluster has one database: leave out the path");
    return 0;
  }
  if (!/^\d{0,5}$/.test(text))
    throw invalid(
      form === "server" ? "the path of a Redis URL is the number of a database" : "db is a number",
    );
  return Number(text);
}

function readQuery(query: string, known: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    // The name is not shown: it may be a piece of a password that should have been encoded.
    if (!known.includes(name) || value === "" || found.has(name))
      throw invalid(
        known.length === 0
          ? "it takes no parameters"
          : `expected the parameters ${known.join(", ")}, each once`,
      );
    found.set(name, value);
  }
  return found;
}

function readLogin(text: string): Credentials {
  const colon = text.indexOf(":");
  const username = decode(colon === -1 ? text : text.slice(0, colon));
  const password = colon === -1 ? "" : decode(text.slice(colon + 1));
  return { ...(username !== "" && { username }), ...(password !== "" && { password }) };
}

function named(user: string, word: string, parameters: ReadonlyMap<string, string>): Credentials {
  const username = parameters.get(user);
  const password = parameters.get(word);
  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("a % that is meant as such is written %25");
  }
}
