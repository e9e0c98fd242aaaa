/** Tekton's interceptor protocol answered by the built-ins: proof, then verdict, as its core interceptors service does it. */

import { posix } from "node:path";
import type { Event } from "../src/core/delivery.ts";
import { payload } from "../src/core/delivery.ts";
import { asFault, reasonOf } from "../src/core/errors.ts";
import { canonicalName, header } from "../src/core/headers.ts";
import type { HttpClient, Interceptor, ProofDemand, Verdict } from "../src/core/interceptor.ts";
import { GRPC } from "../src/core/interceptor.ts";
import type { JsonObject } from "../src/core/json.ts";
import { parseJson, printJson, setOwn } from "../src/core/json.ts";
import type { Secrets } from "../src/core/secrets.ts";
import { createVerifier } from "../src/verify/index.ts";
import { anyObject, object, readParams, text, texts } from "./params.ts";

export interface InterceptorAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface AnswerTools {
  readonly interceptors: readonly Interceptor[];
  readonly secrets: Secrets;
  readonly http?: HttpClient;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

const requestShape = object({
  body: text,
  header: anyObject,
  extensions: anyObject,
  interceptor_params: anyObject,
  context: object({ event_url: text, event_id: text, trigger_id: text }),
});

const FORM = "application/x-www-form-urlencoded";

type Request = ReturnType<typeof requestShape>;

/**
 * Makes a function that answers one InterceptorRequest. Any method will do; the path names the interceptor.
 *
 * @returns 200 with an InterceptorResponse; 400 with a text for a path or body that makes no request; 307 for a path that
 *   is not written plainly.
 */
export function createAnswerer(
  tools: AnswerTools,
): (path: string, body: string) => Promise<InterceptorAnswer> {
  const byPath = new Map(tools.interceptors.map((interceptor) => [`/${interceptor.name}`, interceptor]));
  return async (path, body) => {
    const name = cleanPath(path);
    if (name === undefined) return { status: 307, contentType: "", body: "" };
    if (name === "/ready") return { status: 200, contentType: "", body: "" };
    const interceptor = byPath.get(name);
    if (interceptor === undefined) return badRequest("path did not match any interceptors");
    let request: Request;
    let headers: Event["headers"];
    try {
      request = readParams(
        "request",
        requestShape,
        anyObject(parseJson(body) ?? {}, { interceptor: "request", path: "body" }),
      );
      headers = headersOf(request.header ?? {});
    } catch (error) {
      return badRequest(`failed to parse body as InterceptorRequest: ${reasonOf(error)}`);
    }
    const verdict = await ask(interceptor, request, headers, tools);
    return { status: 200, contentType: "application/json", body: printJson(responseOf(verdict)) };
  };
}

/** The path in lower case; undefined where Go's ServeMux sends the client to a plainer one. */
function cleanPath(path: string): string | undefined {
  const written = path.replace(/\?.*/s, "");
  try {
    const decoded = decodeURIComponent(written);
    return decoded === "" || posix.normalize(decoded) === decoded ? decoded.toLowerCase() : undefined;
  } catch {
    return written.toLowerCase();
  }
}

async function ask(
  interceptor: Interceptor,
  request: Request,
  headers: Event["headers"],
  tools: AnswerTools,
): Promise<Verdict> {
  const { body = "", context, extensions = {}, interceptor_params: params = {} } = request;
  const [, namespace = "", , triggerName = ""] = context?.trigger_id?.split("/") ?? [];
  const trigger = { namespace, name: triggerName };
  const [id = "", url = ""] = [context?.event_id, context?.event_url];
  if (interceptor.name === "github" && header(headers, "Content-Type") === FORM) {
    // Said before anything is asked of the parameters or the signature.
    return { continue: false, code: GRPC.INVALID_ARGUMENT, reason: "GitHub sends a form, not JSON" };
  }
  try {
    const compiled = interceptor.compile(params, { namespace, ...tools });
    const arrival = { id, listener: trigger, receivedAt: (tools.clock ?? Date.now)(), method: "POST", url };
    const verifier = createVerifier(tools.secrets, tools.http && { http: tools.http });
    const proofs = verifier.begin({ ...arrival, headers, body: Buffer.from(body) });
    // What an expression compares it compares itself, here as in Tekton.
    const demands = interceptor.name === "cel" ? [] : (compiled.proofs ?? []);
    // Tekton's look at the event's type first: an unsigned ping is an event that is not wanted, rather than a bad proof.
    if (interceptor.name === "bitbucket" || interceptor.name === "gitlab") {
      const verdict = await compiled.intercept({
        id,
        trigger,
        url,
        headers,
        payload: payload(body),
        extensions,
      });
      if (!verdict.continue) return verdict;
    }
    for (const demand of demands) {
      const proof = await proofs.check(demand);
      if (proof.ok) continue;
      // A Secret cannot be looked for without a namespace; that nothing is there to prove is seen before.
      const lost = context === undefined && proof.code !== "SLUICE_SIGNATURE_MISSING";
      const code = lost ? GRPC.INVALID_ARGUMENT : refusalCode(demand, proof.code);
      return { continue: false, code, reason: proof.reason };
    }
    // Expressions may ask for the request's URL and the trigger, so cel alone cannot do without.
    if (context === undefined && interceptor.name === "cel")
      return { continue: false, code: GRPC.INVALID_ARGUMENT, reason: "no request context passed" };
    return await compiled.intercept({ id, trigger, url, headers, payload: payload(body), extensions });
  } catch (thrown) {
    const error = asFault(thrown);
    const fallback = error.code === "SLUICE_INTERNAL" ? GRPC.INTERNAL : GRPC.INVALID_ARGUMENT;
    return { continue: false, code: Number(error.values["grpc"] ?? fallback), reason: error.message };
  }
}

/** GitLab answers InvalidArgument to any doubtful token, Bitbucket to a missing signature, GitHub never. */
function refusalCode({ scheme }: ProofDemand, code: string): number {
  const missing = code === "SLUICE_SIGNATURE_MISSING" && scheme !== "github";
  const wrong = code === "SLUICE_SIGNATURE_WRONG" && scheme === "gitlab";
  return missing || wrong ? GRPC.INVALID_ARGUMENT : GRPC.FAILED_PRECONDITION;
}

function headersOf(header: JsonObject): Event["headers"] {
  const headers: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(header)) {
    setOwn(
      headers,
      canonicalName(name),
      texts(values ?? [], { interceptor: "request", path: `header.${name}` }),
    );
  }
  return headers;
}

function responseOf(verdict: Verdict): JsonObject {
  if (!verdict.continue) return { continue: false, status: { code: verdict.code, message: verdict.reason } };
  return { continue: true, status: {}, ...(verdict.extensions && { extensions: verdict.extensions }) };
}

function badRequest(reason: string): InterceptorAnswer {
  return { status: 400, contentType: "text/plain; charset=utf-8", body: `${reason}\n` };
}
