/** Requests that are no deliveries: a sender's questions before it sends, and what is taken from nobody. */

import { fault, type SluiceError } from "../core/errors.ts";
import { type HeaderMap, header } from "../core/headers.ts";
import type { ListenerPlan } from "../core/plan.ts";
import { demandsOf } from "../core/proof.ts";
import type { Reply } from "./reply.ts";

/**
 * The answer to Bitbucket Data Center's "Test connection", which it does not sign: 200, and nothing is checked or stored.
 *
 * @returns undefined for any other request, and on listeners that Bitbucket does not prove itself to.
 */
export function answerToPing(headers: HeaderMap, plan: ListenerPlan): Reply | undefined {
  if (header(headers, "X-Event-Key") !== "diagnostics:ping") return undefined;
  if (header(headers, "X-Hub-Signature") !== undefined) return undefined;
  if (!demandsOf(plan).some(({ scheme }) => scheme === "bitbucket")) return undefined;
  const message =
    "Bitbucket does not sign its test, so the secret was not checked: push something to see it checked";
  return { status: 200, headers: {}, body: { eventListener: plan.name, namespace: plan.namespace, message } };
}

/**
 * The CloudEvents handshake against abuse (https://github.com/cloudevents/spec, http-webhook.md §4): a sender asks whether
 * the listener wants its events. One that takes anybody's says yes to anybody, any other to the origins of its annotation.
 *
 * @throws SluiceError SLUICE_METHOD for an OPTIONS that asks nothing; SLUICE_ORIGIN where the answer is no.
 */
export function answerToHandshake(headers: HeaderMap, plan: ListenerPlan): Reply {
  const origin = header(headers, "WebHook-Request-Origin");
  if (origin === undefined) throw fault("SLUICE_METHOD", { method: "OPTIONS" });
  const origins = plan.origins ?? (plan.open ? ["*"] : []);
  const isKnown = origins.some((one) => one === "*" || one.toLowerCase() === origin.trim().toLowerCase());
  // A text that no header can hold is nobody's host name.
  if (!isKnown || !/^[\x21-\x7e]{1,255}$/.test(origin.trim())) {
    throw fault("SLUICE_ORIGIN", {
      origin: origin.slice(0, 200),
      listener: `${plan.namespace}/${plan.name}`,
    });
  }
  const rate = header(headers, "WebHook-Request-Rate") === undefined ? {} : { "webhook-allowed-rate": "*" };
  return {
    status: 200,
    headers: { "webhook-allowed-origin": origin.trim(), ...rate, allow: "POST, OPTIONS" },
  };
}

/** The refusal of a batch of CloudEvents: as one delivery it would run once for all of them. */
export function refuseBatch(headers: HeaderMap): SluiceError | undefined {
  const [type = ""] = (header(headers, "Content-Type") ?? "").split(";", 1);
  return type.trim().toLowerCase() === "application/cloudevents-batch+json"
    ? fault("SLUICE_CLOUDEVENTS_BATCH")
    : undefined;
}
