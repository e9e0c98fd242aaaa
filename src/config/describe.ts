/** Settings for people: the rows of help and docs, and the values in force with credentials masked. */

import { type AddressRule, printAddressRule } from "../core/address-rule.ts";
import { MASK } from "../core/headers.ts";
import type { NamedCluster } from "../core/named-cluster.ts";
import type { SettingKey, Settings } from "./schema.ts";
import { declaration, flagOf, SETTING_KEYS, variableOf } from "./schema.ts";
import type { Address } from "./values.ts";

export interface SettingRow {
  readonly key: SettingKey;
  /** As a command line parser wants it: `--max-body <bytes>`. */
  readonly flag: string;
  readonly env: string;
  /** As a user would write it; undefined when there is none. */
  readonly default: string | undefined;
  readonly expected: string;
  readonly description: string;
  readonly secret: boolean;
}

/** Every setting, in the order of the table. */
export function describeSettings(): SettingRow[] {
  return SETTING_KEYS.map((key) => {
    const row = declaration(key);
    return {
      key,
      flag: row.value === undefined ? flagOf(key) : `${flagOf(key)} ${row.value}`,
      env: variableOf(key),
      default: row.default === "" ? undefined : row.default,
      expected: row.expected,
      description: row.description,
      secret: row.secret !== undefined,
    };
  });
}

/** The settings in force, one `key: value` line each, in the order of the table; credentials are masked. */
export function printSettings(settings: Settings): string {
  const lines = SETTING_KEYS.filter((key) => settings[key] !== undefined).map((key) => {
    const { secret, time } = declaration(key);
    const value = time ? printTime(Number(settings[key])) : printed(settings[key]);
    return `${key}: ${secret === undefined ? value : secret === "whole" ? MASK : maskCredentials(value)}`;
  });
  return lines.join("\n");
}

/** A URL with its password, and every parameter that is named like one, masked. Other text stays as it is. */
export function maskCredentials(url: string): string {
  // Several hosts (Sentinel, Cluster) are no URL to the platform.
  if (!URL.canParse(url))
    return url
      .replace(/^([a-z+]+:\/\/[^:/?#]*):[^/?#]*@/, `$1:${MASK}@`)
      .replace(/([?&][^=&]*(?:pass|secret|token|key)[^=&]*)=[^&]*/gi, `$1=${MASK}`);
  const parsed = new URL(url);
  const secretParameters = [...parsed.searchParams.keys()].filter((name) =>
    /pass|secret|token|key/i.test(name),
  );
  if (parsed.password === "" && secretParameters.length === 0) return url;
  if (parsed.password !== "") parsed.password = MASK;
  for (const name of secretParameters) parsed.searchParams.set(name, MASK);
  return parsed.href;
}

/** host:port as it is written; IPv6 hosts in brackets. */
export function printAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where this machine reaches a port that is bound to an address. */
export function fromHere({ host, port }: Address): Address {
  return { host: host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host, port };
}

const TIMES = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** Milliseconds in the largest unit that gives a whole number: `14d`, `90s`, `1500ms`. */
function printTime(ms: number): string {
  const [unit, size] = TIMES.find(([, size]) => ms >= size && ms % size === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}

function printedItem(item: string | AddressRule): string {
  return typeof item === "string" ? item : printAddressRule(item);
}

function printedCluster({ kubeconfig, namespaces }: NamedCluster): string {
  const named = namespaces === "*" ? "*" : namespaces.join("+");
  return named === "" ? kubeconfig : `${kubeconfig}#${named}`;
}

function printed(value: Settings[SettingKey] | NamedCluster): string {
  if (Array.isArray(value) || value instanceof Set)
    return Array.from<string | AddressRule>(value).map(printedItem).join(", ");
  if (value instanceof Map)
    return Array.from(value, ([name, place]) => `${name}=${printed(place)}`).join(", ");
  if (typeof value !== "object") return String(value);
  if ("kubeconfig" in value) return printedCluster(value);
  if ("port" in value) return printAddress(value);
  return "name" in value ? `${value.namespace}/${value.name}` : String(value);
}
