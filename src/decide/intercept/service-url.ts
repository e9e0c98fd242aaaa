/** The URL of a Service in the cluster: names that are DNS labels, a port that is one, and nothing else in its place. */

import { isDnsLabel, isServiceName } from "../../core/dns-label.ts";
import { fault } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { ownValue } from "../../core/json.ts";

/** `name`, `namespace`, and where they are known `port` and `path`, as written. */
export type ServiceRef = JsonObject;

export interface ServiceUrlOptions {
  /** For people: the interceptor that names it. */
  readonly interceptor: string;
  /** Where the reference stands, before `.name` and so on. */
  readonly field: string;
  readonly scheme: "http" | "https";
  /** Where it names no namespace; absent: it must. */
  readonly namespace?: string;
  /** Where it names no port; absent: the scheme's own, which is not written. */
  readonly port?: number;
}

/**
 * A name may hold no sign of a URL: `127.0.0.1:6379/?` would be another host, and its answer would reach the tenant.
 *
 * @throws SluiceError SLUICE_INTERCEPTOR_PARAMS for what is no name of a Service, no port or no path.
 */
export function serviceUrl(ref: ServiceRef, options: ServiceUrlOptions): string {
  const { interceptor, field, scheme } = options;
  const refuse = (part: string, reason: string): never => {
    throw fault("SLUICE_INTERCEPTOR_PARAMS", { name: interceptor, reason, field: `${field}.${part}` });
  };
  const label = (part: "name" | "namespace", value: JsonValue | undefined): string => {
    if (part === "name" ? isServiceName(value) : isDnsLabel(value)) return value as string;
    const first = part === "name" ? ", a letter first" : "";
    const wanted = `lower case letters, digits and "-", at most 63${first}`;
    return refuse(part, `${part} ${shown(value)} of its Service is no DNS label (${wanted})`);
  };
  const name = label("name", ownValue(ref, "name"));
  const namespace = label("namespace", ownValue(ref, "namespace") || options.namespace);
  const port = ownValue(ref, "port") ?? options.port;
  if (port !== undefined && !(Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535))
    return refuse("port", `port ${shown(port)} of its Service is none from 1 to 65535`);
  const path = ownValue(ref, "path") ?? "";
  if (typeof path !== "string") return refuse("path", `path ${shown(path)} of its Service is no text`);
  const url = new URL(`${scheme}://${name}.${namespace}.svc/`);
  // Encoded where it must be, as in Go: a question mark in it begins no query.
  url.pathname = path.replace(/^\/*/, "/");
  return `${url.origin}${port === undefined ? "" : `:${port}`}${url.pathname}`;
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? "(none)" : (JSON.stringify(value) ?? "").slice(0, 80);
}
