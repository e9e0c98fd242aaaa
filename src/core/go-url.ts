/** URLs as Go's net/url takes them apart: wherever Tekton parses one, it says which are none. */

import { isIPv6 } from "node:net";
import { textOf } from "./bytes-text.ts";

export interface GoUrl {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  /** As it was written. */
  readonly rawQuery: string;
  readonly fragment: string;
  readonly user?: { readonly username: string; readonly password: string };
}

/**
 * url.Parse of Go 1.26, of URLs absolute or not. What follows the scheme of `mailto:x` is opaque, and left out.
 *
 * @returns why it is no URL, in words, where url.Parse fails.
 */
export function parseGoUrl(text: string): GoUrl | string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: net/url refuses them
  if (/[\x00-\x1f\x7f]/.test(text)) return "invalid control character in URL";
  const [beforeFragment, rawFragment] = cut(text, "#");
  const fragment = unescaped(rawFragment ?? "", "fragment");
  if (fragment === undefined) return "invalid URL escape";
  const taken = takeScheme(beforeFragment);
  if (taken === undefined) return "missing protocol scheme";
  const { scheme, rest } = taken;
  const [beforeQuery, rawQuery = ""] = cut(rest, "?");
  const base = { scheme, fragment, rawQuery };

  if (!beforeQuery.startsWith("/")) {
    if (scheme !== "") return { ...base, host: "", path: "" };
    if ((beforeQuery.split("/", 1)[0] as string).includes(":")) {
      return "first path segment in URL cannot contain colon";
    }
  }
  const hasAuthority = beforeQuery.startsWith("//") && (scheme !== "" || !beforeQuery.startsWith("///"));
  const slash = beforeQuery.indexOf("/", 2);
  const authority = hasAuthority ? beforeQuery.slice(2, slash === -1 ? undefined : slash) : "";
  const rawPath = hasAuthority ? (slash === -1 ? "" : beforeQuery.slice(slash)) : beforeQuery;
  const path = unescaped(rawPath, "path");
  if (path === undefined) return "invalid URL escape";

  const at = authority.lastIndexOf("@");
  const host = hostOf(scheme, authority.slice(at + 1));
  if (host === undefined) return "invalid host or port";
  if (at === -1) return { ...base, host, path };
  const user = userOf(authority.slice(0, at));
  return user === undefined ? "net/url: invalid userinfo" : { ...base, host, path, user };
}

/** url.ParseQuery: values by key; what cannot be read is left out. */
export function parseGoQuery(rawQuery: string): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const part of rawQuery.split("&")) {
    if (part === "" || part.includes(";")) continue;
    const [rawKey, rawValue = ""] = cut(part, "=");
    const key = unescaped(rawKey, "query");
    const value = unescaped(rawValue, "query");
    if (key === undefined || value === undefined) continue;
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  return values;
}

function cut(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** Undefined when the text begins with a colon. */
function takeScheme(text: string): { readonly scheme: string; readonly rest: string } | undefined {
  if (text.startsWith(":")) return undefined;
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text);
  if (match === null) return { scheme: "", rest: text };
  return { scheme: (match[1] as string).toLowerCase(), rest: text.slice(match[0].length) };
}

function hostOf(scheme: string, raw: string): string | undefined {
  const open = raw.lastIndexOf("[");
  if (open > 0) return undefined;
  if (open === 0) {
    const end = raw.lastIndexOf("]");
    if (end === -1 || !/^(:[0-9]*)?$/.test(raw.slice(end + 1))) return undefined;
    const address = unescaped(raw.slice(1, end).split("%25", 1)[0] as string, "host");
    if (address === undefined || !isIPv6(address)) return undefined;
  } else {
    // Databases have lists of hosts, each with a port; the web does not.
    const isWeb = scheme === "http" || scheme === "https";
    const colon = isWeb ? raw.indexOf(":") : raw.lastIndexOf(":");
    if (colon !== -1 && !/^:[0-9]*$/.test(raw.slice(colon))) return undefined;
  }
  return unescaped(raw, "host");
}

function userOf(raw: string): GoUrl["user"] {
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(raw)) return undefined;
  const [rawName, rawPassword] = cut(raw, ":");
  const username = unescaped(rawName, "user");
  const password = unescaped(rawPassword ?? "", "user");
  return username === undefined || password === undefined ? undefined : { username, password };
}

type Mode = "path" | "query" | "fragment" | "host" | "user";

/** Undefined where url.Parse would report an invalid escape or character. */
function unescaped(text: string, mode: Mode): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  if (mode === "host") {
    // In hosts only bytes beyond ASCII may be escaped (and `%25` in an IPv6 zone), and few signs may stand bare.
    if (/%[0-7]/.test(text.replaceAll("%25", ""))) return undefined;
    if (/[^A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]/u.test(text)) return undefined;
  }
  const spaced = mode === "query" ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  return spaced.replace(/(?:%[0-9a-fA-F]{2})+/g, (escapes) =>
    textOf(Buffer.from(escapes.replaceAll("%", ""), "hex")),
  );
}
