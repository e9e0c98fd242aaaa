/** Labels that tie what was created to what made it (tektoncd/triggers pkg/apis/triggers/register.go). */

/** Tekton puts these on every object; repeating a create is harmless because the last two tell whose an object is. */
export const LABELS = {
  listener: "triggers.tekton.dev/eventlistener",
  trigger: "triggers.tekton.dev/trigger",
  /** The delivery's id. */
  event: "triggers.tekton.dev/triggers-eventid",
} as const;

/** On a listener's own Service: the listener's name. */
export const SERVICE_LABEL = "sluice.dev/listener";

/** Who says it, in Kubernetes Events. */
export const REPORTER = "sluice.dev/gateway";

/** In a listener's `status.annotations`: the installation whose gateways serve it. */
export const SERVED_BY = "sluice.dev/served-by";
