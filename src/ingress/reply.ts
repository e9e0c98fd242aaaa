/** Replies of the webhook port: Tekton's 202 body, as a CloudEvent to a CloudEvent, and errors that say what to do. */

import type { ObjectName } from "../core/delivery.ts";
import type { SluiceError } from "../core/errors.ts";
import { forSender } from "../core/errors.ts";
import type { HeaderMap } from "../core/headers.ts";
import { header } from "../core/headers.ts";
import type { ListenerPlan } from "../core/plan.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent where the status says it all. */
  readonly body?: object;
}

/**
 * Tekton's answer: the sink's `Response` of tektoncd/triggers, with the delivery's id as eventID. To a CloudEvent it is
 * itself a CloudEvent, in binary mode (pkg/sink/sink.go, HandleEvent).
 *
 * @param request the headers of the request that is answered.
 */
export function accepted(plan: ListenerPlan, eventID: string, request: HeaderMap): Reply {
  const { name, namespace } = plan;
  return {
    status: 202,
    headers: isCloudEvent(request) ? cloudEventHeaders(plan, eventID) : {},
    body: { eventListener: name, namespace, eventListenerUID: plan.uid, eventID },
  };
}

/** As the CloudEvents SDK for Go tells: by content type (structured mode), else by a version that it knows (binary mode). */
function isCloudEvent(request: HeaderMap): boolean {
  const [type = ""] = (header(request, "Content-Type") ?? "").split(";", 1);
  return STRUCTURED.has(type.trim().toLowerCase()) || VERSIONS.has(header(request, "Ce-Specversion") ?? "");
}

const STRUCTURED: ReadonlySet<string> = new Set([
  "application/cloudevents+json",
  "application/cloudevents-batch+json",
]);
const VERSIONS: ReadonlySet<string> = new Set(["1.0", "0.3"]);

function cloudEventHeaders({ namespace, name }: ObjectName, eventID: string): Reply["headers"] {
  return {
    "ce-specversion": "1.0",
    "ce-type": "dev.tekton.event.triggers.accepted.v1",
    "ce-source": name,
    "ce-id": eventID,
    "ce-subject": `${namespace}.${name} accepted ${eventID}`,
  };
}

/** What goes with a status. */
const HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  405: { allow: "POST" },
  503: { "retry-after": "5" },
};

/** A refusal in Tekton's shape, with our code and cure beside its errorMessage; the rest stands in the log. */
export function refused(error: SluiceError, listener: ObjectName | undefined): Reply {
  const { message, fix } = forSender(error);
  const where = listener === undefined ? {} : { eventListener: listener.name, namespace: listener.namespace };
  return {
    status: error.status,
    headers: HEADERS[error.status] ?? {},
    body: { ...where, errorMessage: message, code: error.code, fix },
  };
}

/** A refusal with the fields that Tekton's have and no others; where Tekton answers 500, it says nothing at all. */
export function refusedAsTekton(error: SluiceError, listener: ObjectName | undefined): Reply {
  const headers = HEADERS[error.status] ?? {};
  if (error.code === "SLUICE_LISTENER_BROKEN") return { status: 500, headers: {} };
  const { name = "", namespace = "" } = listener ?? {};
  const { message: errorMessage } = forSender(error);
  const body = { eventListener: name, namespace, eventListenerUID: "", errorMessage };
  return { status: error.status, headers, body };
}
