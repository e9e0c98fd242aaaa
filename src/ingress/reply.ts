/** Replies of the webhook port: Tekton's 202 body, and errors that say what to do. */

import type { ObjectName } from "../core/delivery.ts";
import type { SluiceError } from "../core/errors.ts";
import type { ListenerPlan } from "../core/plan.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Tekton's answer: the sink's `Response` of tektoncd/triggers, with the delivery's id as eventID. */
export function accepted(plan: ListenerPlan, eventID: string): Reply {
  return {
    status: 202,
    headers: {},
    body: { eventListener: plan.name, namespace: plan.namespace, eventListenerUID: plan.uid, eventID },
  };
}

/** What goes with a status; a sender whose body is too large is not listened to any longer. */
const HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  405: { allow: "POST" },
  413: { connection: "close" },
  503: { "retry-after": "5" },
};

/** A refusal in Tekton's shape, with our code and cure beside its errorMessage. */
export function refused(error: SluiceError, listener: ObjectName | undefined): Reply {
  const where = listener === undefined ? {} : { eventListener: listener.name, namespace: listener.namespace };
  return {
    status: error.status,
    headers: HEADERS[error.status] ?? {},
    body: { ...where, errorMessage: error.message, code: error.code, fix: error.fix },
  };
}
