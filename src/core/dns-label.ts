/** DNS labels: what Kubernetes allows as the name of a namespace (RFC 1123) and of a Service (RFC 1035). */

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Whether a text is one label: 1 to 63 lower case letters, digits and "-", none of the latter at either end. */
export function isDnsLabel(text: unknown): text is string {
  return typeof text === "string" && LABEL.test(text);
}

/** The same, beginning with a letter (validation.IsDNS1035Label). */
export function isServiceName(text: unknown): text is string {
  return isDnsLabel(text) && /^[a-z]/.test(text);
}
