/** Addresses of Postgres, as libpq has them: one host or several, and what the server must be for us to use it. */

import { reasonOf } from "../../core/errors.ts";
import { invalid, maskedLogin } from "../address-text.ts";

/** What is asked of a server before it is used; the names are libpq's. */
export type SessionAttrs = "any" | "read-write" | "primary";

/** One server of an address. */
export interface PostgresPlace {
  /** For people: `host:port`, or the path of a socket. */
  readonly name: string;
  /** Its address alone, as node-postgres takes it. */
  readonly url: string;
  /** Without brackets; a path is a socket. */
  readonly host: string;
}

export interface PostgresAddress {
  /** In the order in which they are tried. */
  readonly places: readonly [PostgresPlace, ...PostgresPlace[]];
  readonly attrs: SessionAttrs;
  /** The address for people: passwords are masked. */
  readonly shown: string;
}

const DEFAULT_PORT = "5432";
const ATTRS = "target_session_attrs";

const address = /^(postgres(?:ql)?):\/\/(?:([^/?#]*)@)?([^/?#@]*)(\/[^?#]*)?(?:\?([^#]*))?$/;

/**
 * Takes an address apart: `postgres://user:password@host:5432,host:5432/database?target_session_attrs=read-write`. Hosts
 * and ports may stand in the query too (`host=a,b&port=5432,5433`), where they go before those of the authority.
 *
 * Several hosts are asked for a server that takes writes unless `target_session_attrs` says otherwise: libpq's default,
 * `any`, would settle for the first standby that answers.
 *
 * @throws SluiceError SLUICE_CONFIG_INVALID for the setting `store`; never quotes the address.
 */
export function parsePostgresAddress(text: string): PostgresAddress {
  const match = address.exec(text);
  if (match === null) throw invalid("not of the form postgres://[user:password@]host[:port],…/database");
  const [, scheme, login, authority = "", path = "", asked = ""] = match;
  const query = new URLSearchParams(asked);
  const hosts = hostsOf(authority, query);
  const attrs = attrsOf(query.get(ATTRS), hosts.length);
  const shown = `${scheme}://${maskedLogin(login)}${authority}${path}${maskedQuery(asked)}`;

  for (const name of ["host", "port", ATTRS]) query.delete(name);
  const user = login === undefined ? "" : `${login}@`;
  decode(`${user}${path}`);
  const places = hosts.map(({ host, port }) => {
    // What is not named is left to the variables of the environment (PGHOST, PGPORT).
    const where = [host && `host=${encodeURIComponent(host)}`, port && `port=${port}`, query.toString()];
    const url = `${scheme}://${user}${path === "" ? "/" : path}?${where.filter((part) => part !== "").join("&")}`;
    return { name: nameOf(host, port), url, host };
  });
  const [first, ...others] = places;
  if (first === undefined) throw invalid("it names no host");
  return { places: [first, ...others], attrs, shown };
}

interface Host {
  readonly host: string;
  readonly port: string;
}

function hostsOf(authority: string, query: URLSearchParams): readonly Host[] {
  const inAuthority = authority.split(",").map(hostOf);
  const named = query.get("host");
  const hosts = named === null ? inAuthority.map(({ host }) => host) : named.split(",");
  const ports =
    query.get("port")?.split(",") ?? (named === null ? inAuthority.map(({ port }) => port) : [""]);
  if (ports.length !== 1 && ports.length !== hosts.length)
    throw invalid(
      `it names ${hosts.length} hosts and ${ports.length} ports: one port for all, or one for each`,
    );
  return hosts.map((host, index) => {
    const port = (ports.length === 1 ? ports[0] : ports[index]) ?? "";
    if (port !== "" && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
      throw invalid("a port is a number from 1 to 65535");
    if (host === "" && hosts.length > 1) throw invalid("one of its hosts has no name");
    return { host, port };
  });
}

/** `host`, `host:port`, `[::1]:port`; a socket's path is percent-encoded. */
function hostOf(text: string): Host {
  const [, bracketed, plain = "", port = ""] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === "" && text !== "" && port === "") throw invalid("a host of it is not valid");
  return { host: decode(host), port };
}

function nameOf(host: string, port: string): string {
  if (host.startsWith("/")) return host;
  return `${host.includes(":") ? `[${host}]` : host || "localhost"}:${port || DEFAULT_PORT}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw invalid(reasonOf(error));
  }
}

function attrsOf(asked: string | null, hosts: number): SessionAttrs {
  switch (asked) {
    case null:
      return hosts > 1 ? "read-write" : "any";
    case "any":
    case "read-write":
    case "primary":
      return asked;
    default:
      throw invalid(`${ATTRS} takes any, read-write or primary: a store is written to`);
  }
}

function maskedQuery(asked: string): string {
  if (asked === "") return "";
  const parts = asked
    .split("&")
    .map((part) => (/^[^=]*(pass|secret|token)[^=]*=/i.test(part) ? part.replace(/=.*/s, "=***") : part));
  return `?${parts.join("&")}`;
}
