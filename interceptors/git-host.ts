/** What GitHub, GitLab and Bitbucket share: a proof by secretRef, and a list of event types that may pass. */

import type { Event } from "../src/core/delivery.ts";
import { header } from "../src/core/headers.ts";
import type { Interceptor, InterceptorTools, ProofDemand, Verdict } from "../src/core/interceptor.ts";
import { defineInterceptor, GRPC, PASS } from "../src/core/interceptor.ts";
import { quoted } from "../src/core/quoted.ts";
import type { Read } from "./params.ts";
import { object, readParams, secretOf, secretRef, texts } from "./params.ts";

export const gitHostShape = { secretRef, eventTypes: texts };

/** The proof demanded by `secretRef`; none where the parameter is absent. */
export function proofOf(
  scheme: string,
  ref: Read<typeof secretRef.shape> | undefined,
  tools: InterceptorTools,
  parameters: readonly string[] = [],
): { readonly proofs?: readonly ProofDemand[] } {
  if (ref === undefined) return {};
  const secret = secretOf(scheme, "secretRef", ref, tools);
  return { proofs: [{ scheme, secret, ...(parameters.length > 0 && { parameters }) }] };
}

/** A check of the event's type; an empty list lets nothing pass, an absent one everything. */
export function eventFilter(
  eventHeader: string,
  eventTypes: readonly string[] | undefined,
): (event: Event) => Verdict {
  if (eventTypes === undefined) return () => PASS;
  const allowed = new Set(eventTypes);
  return ({ headers }) => {
    const type = header(headers, eventHeader) ?? "";
    if (allowed.has(type)) return PASS;
    const reason = `event type ${named(type) || "(none)"} is not among ${[...allowed].join(", ") || "(none)"}`;
    return { continue: false, code: GRPC.FAILED_PRECONDITION, reason };
  };
}

/** The event's type, which lists show too: as it is where it looks like one. */
function named(type: string): string {
  return /^[\w .:-]{0,64}$/.test(type) ? type : quoted(type);
}

/** Defines an interceptor that does no more than that. The scheme of src/verify has the interceptor's name. */
export function gitHost(host: { name: string; summary: string; eventHeader: string }) {
  const { name, summary, eventHeader } = host;
  const shape = object(gitHostShape);
  return defineInterceptor({
    name,
    summary,
    shape,
    compile(params, tools) {
      const read = readParams(name, shape, params);
      return {
        ...proofOf(name, read.secretRef, tools),
        ...(read.eventTypes && { filters: true }),
        intercept: eventFilter(eventHeader, read.eventTypes),
      };
    },
  } satisfies Interceptor & { shape: unknown });
}
