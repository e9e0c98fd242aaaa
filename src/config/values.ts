/** Types of settings: each reads a value as flags, variables and YAML write it, and gives what the program uses. */

import { z } from "zod";
import { type AddressRule, parseAddressRule } from "../core/address-rule.ts";
import type { NamedCluster } from "../core/named-cluster.ts";

/** A host without brackets and a port; port 0 asks the system for a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export type StoreUrl =
  | `embedded:${string}`
  | `redis://${string}`
  | `rediss://${string}`
  | `redis+${string}://${string}`
  | `rediss+${string}://${string}`
  | `postgres://${string}`
  | `postgresql://${string}`;

export type CreateTarget = "auto" | "kubernetes" | "dry-run" | `directory:${string}`;

/** One of some words; numbers in YAML count as their text. */
export function choice<const T extends string>(...words: readonly T[]) {
  return text.pipe(z.enum(words));
}

/** Any text that is not empty. YAML numbers count as text: a namespace may be called 42. */
export const text = z
  .union([z.string(), z.number()])
  .transform((value) => String(value).trim())
  .pipe(z.string().min(1));

/** A bearer token as it can stand in a header; shorter ones could be guessed. */
export const token = text.pipe(z.string().regex(/^[\x21-\x7e]{16,512}$/));

/** Keys of a store, parted by spaces or lines; the first one signs. */
export const storeKeys = text
  .transform((value) => value.split(/\s+/))
  .pipe(
    z
      .array(z.string().regex(/^[\x21-\x7e]{32,512}$/))
      .min(1)
      .max(8),
  )
  .transform((keys) => keys as [string, ...string[]]);

export const list = z
  .union([z.array(text), text.transform((value) => value.split(",").map((part) => part.trim()))])
  .transform((items) => items.filter((item) => item !== "") as readonly string[]);

export const flag = z.union([
  z.boolean(),
  text.pipe(z.enum(["true", "false", "1", "0"])).transform((value) => value === "true" || value === "1"),
]);

export function whole(min: number, max: number) {
  return text
    .pipe(z.string().regex(/^\d{1,15}$/))
    .transform(Number)
    .pipe(z.number().min(min).max(max));
}

/** Bytes: a number, or one with KB, KiB, MB, …: powers of 1,024 in both spellings, as Git hosts count their limits. */
export function bytes(min: number, max: number) {
  return read(/^(\d{1,12})\s*(B|KB|KIB|MB|MIB|GB|GIB|TB|TIB)?$/i, ([, amount, unit = "B"]) => {
    const scale = 1_024 ** "BKMGT".indexOf(unit.charAt(0).toUpperCase());
    return Number(amount) * scale;
  }).pipe(z.number().min(min).max(max));
}

/** A time span such as `25s`, `500ms`, `2m` or `14d`, in milliseconds. A bare number has no unit and is refused. */
export function duration(minMs: number, maxMs: number) {
  return read(/^(\d{1,12})\s*(ms|s|m|h|d)$/, ([, amount, unit]) => {
    const scale = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as string] ?? Number.NaN;
    return Number(amount) * scale;
  }).pipe(z.number().min(minMs).max(maxMs));
}

/** `host:port`, `[v6]:port`, or `:port` for every interface. */
export const address = read(
  /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/,
  ([, v6, host, port]): Address => ({ host: (v6 ?? host) || "0.0.0.0", port: Number(port) }),
).pipe(z.object({ host: z.string(), port: z.number().max(65_535) }).readonly());

/** IP addresses and blocks, separated by commas. */
export const addressRules = z.union([z.literal("").transform((): readonly string[] => []), list]).pipe(
  z.array(z.string()).transform((items, context): readonly AddressRule[] => {
    const rules = items.flatMap((item) => parseAddressRule(item) ?? []);
    if (rules.length < items.length) context.addIssue({ code: "custom", message: "no address" });
    return rules;
  }),
);

/** Namespaces, separated by commas. */
export const namespaces = list.pipe(
  z.array(z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)).readonly(),
);

/** `namespace/name`, both DNS labels as Kubernetes wants them. */
export const objectName = read(
  /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)\/([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?)$/,
  ([, namespace, , name]) => ({ namespace: namespace as string, name: name as string }),
);

export const namespace = text.pipe(z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/));

/** A URL that paths can be hung on: no query, no fragment, no credentials. */
export const webUrl = text.pipe(
  z.string().refine((value) => {
    if (!URL.canParse(value)) return false;
    const { protocol, search, hash, username, password } = new URL(value);
    return /^https?:$/.test(protocol) && search + hash + username + password === "";
  }),
);

export const storeUrl = text.transform((value, context): StoreUrl => {
  const scheme = value.slice(0, value.indexOf(":") + 1);
  const rest = value.slice(scheme.length);
  if (scheme === "embedded:" && rest !== "") return value as StoreUrl;
  // Several hosts, as Sentinel, Cluster and Postgres have them, are no URL to the platform; the store reads them itself.
  const several = /^(rediss?\+(unix|sentinel|cluster)|postgres(ql)?):$/;
  if (several.test(scheme) && rest.startsWith("//")) return value as StoreUrl;
  const server = ["redis:", "rediss:"].includes(scheme);
  if (server && rest.startsWith("//") && URL.canParse(value)) return value as StoreUrl;
  context.addIssue({ code: "custom", message: "no store" });
  return z.NEVER;
});

export const createTarget = text.transform((value, context): CreateTarget => {
  if (value === "auto" || value === "kubernetes" || value === "dry-run") return value;
  if (value.startsWith("directory:") && value !== "directory:") return value as CreateTarget;
  context.addIssue({ code: "custom", message: "no target" });
  return z.NEVER;
});

const home = z.union([
  z.literal("*"),
  z
    .array(z.literal("*"))
    .length(1)
    .transform((): "*" => "*"),
  namespaces,
]);

/** `<path or secret:namespace/name>`, and behind a `#` the namespaces that may use it: `/etc/west#team-a+team-b`, `…#*`. */
const clusterText = text.transform((value, context): NamedCluster => {
  const [, kubeconfig = value, named = ""] = /^(.*)#([^#]*)$/s.exec(value) ?? [];
  const read = home.safeParse(named === "*" ? named : named.split("+").filter((each) => each !== ""));
  if (read.success && isPlace(kubeconfig)) return { kubeconfig, namespaces: read.data };
  context.addIssue({ code: "custom", message: "no cluster" });
  return z.NEVER;
});

const cluster = z.union([
  clusterText,
  z.strictObject({ kubeconfig: text.refine(isPlace), namespaces: home.default([]) }),
]);

/** Name to a cluster: a map in YAML, `name=place#namespaces` pairs elsewhere. */
export const clusters = z
  .union([
    z.literal("").transform((): [string, unknown][] => []),
    text.transform((value): [string, unknown][] => value.split(",").map(pair)),
    z.record(z.string(), z.unknown()).transform((map): [string, unknown][] => Object.entries(map)),
  ])
  .transform((entries, context): ReadonlyMap<string, NamedCluster> => {
    const read = z.array(z.tuple([namespace, cluster])).safeParse(entries);
    const clusters = new Map(read.data);
    if (!read.success || clusters.size < entries.length)
      context.addIssue({ code: "custom", message: "no clusters" });
    return clusters;
  });

const HOST = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Host names, in lower case. */
export const hostNames = z
  .union([z.literal("").transform((): readonly string[] => []), list])
  .transform((names) => names.map((name) => name.toLowerCase()))
  .refine((names) => names.every((name) => name.length <= 253 && HOST.test(name)))
  .transform((names): ReadonlySet<string> => new Set(names));

/** Host name to a listener: a map in YAML, `host=namespace/name` pairs elsewhere. */
export const hosts = z
  .union([
    z.literal("").transform((): Place[] => []),
    text.transform((value): Place[] => value.split(",").map(pair)),
    z.record(z.string(), text).transform((map): Place[] => Object.entries(map)),
  ])
  .transform((entries) => entries.map(([host, name]): Place => [host.toLowerCase(), name]))
  .refine((entries) =>
    entries.every(([host, to]) => host.length <= 253 && HOST.test(host) && objectName.safeParse(to).success),
  )
  .refine((entries) => new Set(entries.map(([host]) => host)).size === entries.length)
  .transform(
    (entries): ReadonlyMap<string, z.output<typeof objectName>> =>
      new Map(entries.map(([host, to]) => [host, objectName.parse(to)])),
  );

type Place = [name: string, place: string];

function pair(text: string): Place {
  const at = text.indexOf("=");
  return [text.slice(0, Math.max(0, at)).trim(), text.slice(at + 1).trim()];
}

function isPlace(place: string): boolean {
  if (!place.startsWith("secret:")) return place !== "";
  return objectName.safeParse(place.slice("secret:".length)).success;
}

/** Text of a certain form, turned into a value. */
function read<T>(form: RegExp, make: (match: RegExpExecArray) => T) {
  return text.transform((value, context): T => {
    const match = form.exec(value);
    if (match !== null) return make(match);
    context.addIssue({ code: "custom", message: "another form" });
    return z.NEVER;
  });
}
