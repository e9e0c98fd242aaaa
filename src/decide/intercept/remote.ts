/** Remote interceptors: Tekton's InterceptorRequest and InterceptorResponse over HTTP. */

import { fault, reasonOf } from "../../core/errors.ts";
import type { CompiledInterceptor, HttpClient, Verdict } from "../../core/interceptor.ts";
import { GRPC, PASS } from "../../core/interceptor.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonObject, objectAt, parseJson, textAt } from "../../core/json.ts";
import { quoted } from "../../core/quoted.ts";
import { shownUrl } from "../../core/url.ts";
import { serviceUrl } from "./service-url.ts";

export interface RemoteOptions {
  /** For people: the ClusterInterceptor's name. */
  readonly name: string;
  /** `spec` of a ClusterInterceptor or Interceptor, as written. */
  readonly spec: JsonObject;
  /** `status`, where the cluster gave one: an address in it wins. */
  readonly status?: JsonObject;
  readonly params: JsonObject;
  /** Which chain asks: it is part of the trigger id that the interceptor sees. Default `triggers`. */
  readonly scope?: "triggers" | "triggerGroups";
  /** Absent offline: the step then stops. */
  readonly http?: HttpClient;
}

/** Where an interceptor listens, and whom to trust there. */
export interface Address {
  readonly url: string;
  /** PEM. */
  readonly ca?: string;
}

/**
 * Compiles a remote interceptor.
 *
 * @throws SluiceError SLUICE_INTERCEPTOR_PARAMS when its address cannot be made out.
 */
export function compileRemote(options: RemoteOptions): CompiledInterceptor {
  const { name, params, http, scope = "triggers" } = options;
  const { url, ca } = resolveAddress(name, options.spec, options.status);
  const hasParams = Object.keys(params).length > 0;
  return {
    remote: true,
    provesSender: true,
    readsHeaders: true,
    async intercept(event) {
      if (http === undefined) return offline(url);
      const { payload, headers, extensions, trigger } = event;
      const request = {
        ...(!payload.empty && { body: payload.text }),
        header: headers,
        ...(Object.keys(extensions).length > 0 && { extensions }),
        ...(hasParams && { interceptor_params: params }),
        context: {
          event_url: event.url,
          event_id: event.id,
          trigger_id: `namespaces/${trigger.namespace}/${scope}/${trigger.name}`,
        },
      };
      const answer = await http({
        method: "POST",
        url,
        headers: { "Content-Type": ["application/json"] },
        body: JSON.stringify(request),
        ...(ca === undefined ? {} : { ca }),
      });
      // Tekton takes 200 only: another 2xx is an answer of something that is no interceptor.
      return answer.status === 200 ? verdictOf(answer.body) : refusedStatus(url, answer.status, answer.body);
    },
  };
}

/**
 * The address of an interceptor by Tekton's rules: the status, else `clientConfig.url`, else the service, over HTTPS on
 * 8443 when there is a caBundle and over HTTP on 80 when there is none.
 */
export function resolveAddress(name: string, spec: JsonObject, status: JsonObject = {}): Address {
  const config = objectAt(spec, "clientConfig");
  const caBundle = textAt(config, "caBundle");
  const ca = caBundle ? { ca: Buffer.from(caBundle, "base64").toString("latin1") } : {};
  const given = textAt(objectAt(status, "address"), "url") || textAt(config, "url");
  if (given !== "") {
    if (/^https?:$/.test(URL.parse(given)?.protocol ?? "")) return { url: given, ...ca };
    const reason = `${shownUrl(given)} is no http or https address`;
    const field = given === textAt(config, "url") ? "spec.clientConfig.url" : "status.address.url";
    throw fault("SLUICE_INTERCEPTOR_PARAMS", { name, reason, field });
  }
  const service = objectAt(config, "service");
  if (textAt(service, "name") === "" || textAt(service, "namespace") === "") {
    const reason = "has neither url nor service";
    throw fault("SLUICE_INTERCEPTOR_PARAMS", { name, reason, field: "spec.clientConfig" });
  }
  const way = caBundle ? ({ scheme: "https", port: 8443 } as const) : ({ scheme: "http", port: 80 } as const);
  const url = serviceUrl(service, { interceptor: name, field: "spec.clientConfig.service", ...way });
  return { url, ...ca };
}

/** Without a way out (offline) a remote step can only stop. */
export function offline(url: string): Verdict {
  return { continue: false, code: GRPC.UNAVAILABLE, reason: `${shownUrl(url)} is not asked offline` };
}

/** What a status other than 200 means: 408, 429 and 5xx pass with time, the others do not. */
export function refusedStatus(url: string, status: number, body: string): Verdict {
  const transient = status >= 500 || status === 408 || status === 429;
  const reason = `${shownUrl(url)} answered ${status} instead of 200: ${quoted(body.slice(0, 200))}`;
  const code = transient ? GRPC.UNAVAILABLE : GRPC.INTERNAL;
  return { continue: false, code, reason, ...(transient && { transient }) };
}

function verdictOf(body: string): Verdict {
  try {
    const response = parseJson(body);
    if (response !== null && !isJsonObject(response)) throw new TypeError("it is no object");
    const fields = foldedKeys(response ?? {});
    const extensions = fields.get("extensions") ?? undefined;
    if (extensions !== undefined && !isJsonObject(extensions)) throw new TypeError("extensions is no object");
    const goOn = fields.get("continue") ?? false;
    if (typeof goOn !== "boolean") throw new TypeError("continue is no boolean");
    if (goOn) return extensions === undefined ? PASS : { continue: true, extensions };
    const status = fields.get("status") ?? {};
    if (!isJsonObject(status)) throw new TypeError("status is no object");
    const { code, message } = Object.fromEntries(foldedKeys(status));
    return {
      continue: false,
      code: typeof code === "number" ? code : GRPC.OK,
      reason: typeof message === "string" && message !== "" ? quoted(message) : "the interceptor said no",
    };
  } catch (error) {
    const reason = `the answer is no InterceptorResponse: ${reasonOf(error)}`;
    return { continue: false, code: GRPC.INTERNAL, reason };
  }
}

/** Go's encoding/json matches field names without regard to case. */
function foldedKeys(object: JsonObject): Map<string, JsonValue> {
  return new Map(Object.entries(object).map(([key, value]) => [key.toLowerCase(), value]));
}
