/** The legacy `webhook` interceptor: the event itself goes out, and what comes back takes its place. */

import type { Event } from "../../core/delivery.ts";
import { fault } from "../../core/errors.ts";
import type { HeaderMap } from "../../core/headers.ts";
import { canonicalName } from "../../core/headers.ts";
import type { CompiledInterceptor, HttpClient, Verdict } from "../../core/interceptor.ts";
import { GRPC } from "../../core/interceptor.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonObject, ownValue, printJson, setOwn } from "../../core/json.ts";
import { offline, refusedStatus } from "./remote.ts";
import { serviceUrl } from "./service-url.ts";

/**
 * Compiles an inline `webhook: {objectRef | url, header}`.
 *
 * @param namespace of the trigger: where a Service without a namespace of its own is looked for.
 * @param http absent offline: the step then stops.
 * @throws SluiceError SLUICE_INTERCEPTOR_PARAMS when it names neither a URL nor a Service, or a header is malformed.
 */
export function compileWebhook(
  webhook: JsonObject,
  namespace: string,
  http: HttpClient | undefined,
): CompiledInterceptor {
  const url = targetOf(webhook, namespace);
  const configured = headersOf(webhook);
  return {
    remote: true,
    provesSender: true,
    readsHeaders: true,
    rawForm: true,
    async intercept(event) {
      if (http === undefined) return offline(url);
      const body = bodyWithExtensions(event);
      if (body === undefined) {
        const reason = "extensions cannot be merged into a body that is no JSON object";
        return { continue: false, code: GRPC.INVALID_ARGUMENT, reason };
      }
      const headers = { ...event.headers, "Eventlistener-Request-Url": [event.url], ...configured };
      const answer = await http({ method: "POST", url, headers, body });
      if (answer.status !== 200) return refusedStatus(url, answer.status, answer.body);
      return { continue: true, body: answer.body, headers: answer.headers } satisfies Verdict;
    },
  };
}

function targetOf(webhook: JsonObject, namespace: string): string {
  const url = ownValue(webhook, "url");
  const ref = ownValue(webhook, "objectRef");
  if (
    !url &&
    isJsonObject(ref) &&
    ownValue(ref, "kind") === "Service" &&
    ownValue(ref, "apiVersion") === "v1"
  ) {
    const { name = "", namespace: inside = "" } = ref;
    const options = { interceptor: "webhook", field: "webhook.objectRef", scheme: "http" } as const;
    return serviceUrl({ name, namespace: inside }, { ...options, namespace });
  }
  const target = url;
  if (typeof target === "string" && /^https?:$/.test(URL.parse(target)?.protocol ?? "")) return target;
  const reason = "needs an http or https url, or an objectRef of kind Service and apiVersion v1";
  throw fault("SLUICE_INTERCEPTOR_PARAMS", {
    name: "webhook",
    reason,
    field: url ? "webhook.url" : "webhook.objectRef",
  });
}

/** `header: [{name, value: text or list of texts}]`; a configured header replaces the event's. */
function headersOf(webhook: JsonObject): HeaderMap {
  const entries = ownValue(webhook, "header") ?? [];
  const headers: Record<string, readonly string[]> = {};
  for (const [index, entry] of (Array.isArray(entries) ? entries : [entries]).entries()) {
    const name = isJsonObject(entry) ? ownValue(entry, "name") : undefined;
    const value = isJsonObject(entry) ? ownValue(entry, "value") : undefined;
    const values = Array.isArray(value) ? value : [value];
    if (typeof name !== "string" || name === "" || !values.every((item) => typeof item === "string")) {
      const reason = "a header needs a name, and a text or a list of texts as its value";
      throw fault("SLUICE_INTERCEPTOR_PARAMS", { name: "webhook", reason, field: `header[${index}]` });
    }
    setOwn(headers, canonicalName(name), values);
  }
  return headers;
}

/**
 * The body's text with the extensions under its key `extensions`. The text stays as it came where it can, so that
 * numbers beyond 2^53 survive.
 *
 * @returns undefined when the body is no JSON object.
 */
function bodyWithExtensions({ payload, extensions }: Event): string | undefined {
  if (Object.keys(extensions).length === 0) return payload.text;
  const text = payload.text.trim();
  if (text === "") return printJson({ extensions });
  let body: JsonValue;
  try {
    body = payload.json();
  } catch {
    return undefined;
  }
  if (!isJsonObject(body)) return undefined;
  const before = ownValue(body, "extensions");
  if (before !== undefined) {
    return printJson({
      ...body,
      extensions: isJsonObject(before) ? { ...before, ...extensions } : extensions,
    });
  }
  const comma = Object.keys(body).length > 0 ? "," : "";
  return `${text.slice(0, -1)}${comma}"extensions":${printJson(extensions)}}`;
}
